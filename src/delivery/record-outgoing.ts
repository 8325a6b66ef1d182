import { groupBy } from '#core/group-by';
import { foldRecord } from '#core/records/apply';
import { codeOfSubject, type KindRecord, subjectOf } from '#core/records/kind';
import { formerIn, maskRecord } from '#core/records/mask-record';
import { momentsOf } from '#core/records/moments';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { loadEntries } from '../catalogue/catalogue.ts';
import { dossierNamed, loadIndexed } from '../index/load-indexed.ts';
import { loadRecordEvents } from '../index/record-events.ts';
import { type FoundRecord, loadRecords } from '../index/records.ts';
import type { Change, Outgoing } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';
import { loadKnownSubjects, loadNewerDeliveries, loadOtherDeliveries } from '../ledger/deliveries.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { outgoingBase } from './entry-outgoing.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds'>;

/** A delivery whose record is held for a decision: nothing of it may be sent, whichever version it is. */
export const HELD_BACK = 'held-back';

/** The content of deliveries of records: each as it was at the delivery's version. */
export async function recordOutgoing(
  { database, vault, kinds }: Hub,
  party: Party,
  claimed: readonly Claimed[],
): Promise<readonly (readonly [number, Outgoing | typeof HELD_BACK])[]> {
  if (claimed.length === 0) return [];
  const subjects = [...new Set(claimed.map(({ subject }) => subject))];
  const records = await loadRecords(database.pool, vault, { subjects, uniqueKeys: [] });
  const found = new Map(records.map((record) => [record.subject, record]));
  const events = await loadRecordEvents(database.pool, vault, subjects);
  const dossiers = await dossiersOf(database, vault, records);
  const known = await loadKnownSubjects(database, party.id, subjects);
  const ids = claimed.map(({ id }) => id);
  const taken = party.adapter.sendsChanges ? await loadOtherDeliveries(database, ids) : undefined;
  // Sent again after a newer version, a version in doubt would undo it.
  const doubtful = claimed.filter((one) => one.doubt && found.get(one.subject)?.held.version !== one.seq);
  const newer = taken
    ? undefined
    : await loadNewerDeliveries(
        database,
        doubtful.map(({ id }) => id),
      );
  const facts = await catalogueFacts(database, party, records);
  return claimed.flatMap((one): readonly (readonly [number, Outgoing | typeof HELD_BACK])[] => {
    const record = found.get(one.subject);
    const kind = kinds.ofSubject(one.subject);
    if (!record || !kind || record.held.erased) return [];
    if (record.held.isHeld) return [[one.id, HELD_BACK]];
    const seq = newer?.get(one.id) ?? one.seq;
    const until = (events.get(one.subject) ?? []).filter((event) => event.seq <= seq);
    if (until.length === 0) return [];
    const { view, isHeld } = foldRecord(kind, kinds.withDeadline, until);
    const isPublic = !isHeld && (kind.isPublic?.(view) ?? false);
    const reports = until.map(({ record }) => record);
    const outgoing = {
      ...outgoingBase(one),
      code: codeOfSubject(one.subject),
      record: view,
      moments: momentsOf(until),
      known: known.has(subjectOf(kind, view.code)),
      dossier: dossiers.get(view.dossierCode ?? ''),
      ...facts(view),
      published: isPublic ? maskRecord(kind, view, formerIn(kind, view, reports)) : undefined,
      change: taken && changeOf(one, record, view.stateAt, taken.get(one.id)?.later ?? false),
    };
    return [[one.id, outgoing as unknown as Outgoing]];
  });
}

/** The dossiers that records name, by the codes that these use, as they are now. */
async function dossiersOf(
  database: Hub['database'],
  vault: Hub['vault'],
  records: readonly FoundRecord[],
): Promise<ReadonlyMap<string, Dossier>> {
  const codes = [...new Set(records.flatMap(({ held }) => held.view.dossierCode ?? []))];
  if (codes.length === 0) return new Map();
  const found = await loadIndexed(database.pool, vault, codes);
  const dossiers = new Map<string, Dossier>();
  for (const [code, named] of groupBy(found, ({ asked }) => asked)) {
    const one = dossierNamed(named);
    if (one) dossiers.set(code, one.held.view.record);
  }
  return dossiers;
}

type Facts = Pick<Outgoing, 'agency' | 'field'>;

/** The catalogue's entries for the agencies and fields of records, under the operators' codes for the party. */
async function catalogueFacts(
  { pool }: Hub['database'],
  party: Party,
  records: readonly FoundRecord[],
): Promise<(record: KindRecord) => Facts> {
  const codes = party.codes.now();
  const codeOf = { agency: 'agencyCode', field: 'fieldCode' } as const;
  const keyOf = (kind: keyof typeof codeOf, record: KindRecord): string => {
    const code = record[codeOf[kind]] ?? '';
    return codes(kind).get(code) ?? code;
  };
  const load = (kind: keyof typeof codeOf) =>
    loadEntries(pool, kind, [...new Set(records.map(({ held }) => keyOf(kind, held.view)))]);
  const [agencies, fields] = await Promise.all([load('agency'), load('field')]);
  return (record) => {
    const agency = agencies.get(keyOf('agency', record))?.record;
    const field = fields.get(keyOf('field', record))?.record;
    return {
      agency: agency && { code: agency.code, name: agency.name },
      field: field && { code: field.code, name: field.name },
    };
  };
}

/** A subscriber to changes hears of no state that a later notification has overtaken. */
function changeOf(one: Claimed, { held }: FoundRecord, stateAt: string, isLater: boolean): Change {
  return { at: one.createdAt, news: isLater && held.view.stateAt !== stateAt ? 'outdated' : 'new' };
}
