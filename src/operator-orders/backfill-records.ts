import type pg from 'pg';
import { type Route, recipients } from '#core/dossier/route';
import { isSameJson } from '#core/dossier/same-json';
import { foldRecord, type KindEvent } from '#core/records/apply';
import { type Kind, routeSubjectOf, sendersOf } from '#core/records/kind';
import { loadRecordEvents } from '../index/record-events.ts';
import { recordSubjectsInOrder } from '../index/record-list.ts';
import { type FoundRecord, loadRecords } from '../index/records.ts';
import { type BackfillGap, loadDeliveredVersions } from '../ledger/backfill-gaps.ts';
import type { HubContext } from '../process/hub-context.ts';

/** A gap, with the newest version in a delivery to the party. Null for none. */
export type Missing = BackfillGap & { readonly deliveredSeq: number | null };

/** A page of dossiers or records: how many were examined, the gaps among them, and where the next page begins. */
export interface MissingPage {
  readonly looked: number;
  readonly missing: readonly Missing[];
  /** How many have no personal data any more, and are never delivered. */
  readonly erased: number;
  readonly last: string | undefined;
}

interface RecordBackfill {
  readonly party: string;
  readonly kind: Kind;
  readonly state?: readonly string[] | undefined;
  readonly agency?: string | undefined;
  readonly field?: string | undefined;
}

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds'>;

/** The next records of a kind in the order of their subjects, and those whose version at the party is missing or older. */
export async function missingRecordsAfter(
  { database, vault, kinds }: Hub,
  routes: readonly Route[],
  db: pg.Pool | pg.PoolClient,
  { party, kind, ...filter }: RecordBackfill,
  limit: number,
  after: string,
): Promise<MissingPage> {
  const { state, agency, field } = filter;
  const subjects = await recordSubjectsInOrder(database, vault, kind, { state, agency, field }, limit, after);
  const records = await loadRecords(database.pool, vault, { subjects, uniqueKeys: [] });
  const events = await loadRecordEvents(database.pool, vault, subjects);
  const delivered = await loadDeliveredVersions(db, party, kind.operation, subjects);
  const missing = records.flatMap((record) => {
    const { subject, held, messageId } = record;
    if (held.erased) return [];
    const own = events.get(subject) ?? [];
    const deliveredSeq = delivered.get(subject) ?? null;
    if ((deliveredSeq ?? 0) >= newestFor(routes, party, kind, record, own)) return [];
    const then = own.filter(({ seq }) => deliveredSeq !== null && seq <= deliveredSeq);
    const isSame = then.length > 0 && isSameJson(foldRecord(kind, kinds.withDeadline, then).view, held.view);
    return isSame ? [] : [{ code: subject, version: held.version, messageId, deliveredSeq }];
  });
  // In the order of subjects, so that a run that stops within the page continues after the last one.
  const inOrder = missing.sort((a, b) => (a.code < b.code ? -1 : 1));
  const erased = records.filter(({ held }) => held.erased).length;
  return { looked: subjects.length, missing: inOrder, erased, last: subjects.at(-1) };
}

/** The newest event of a record that the present routes send to a party. 0 if they send nothing of it. */
function newestFor(
  routes: readonly Route[],
  party: string,
  kind: Kind,
  { held }: FoundRecord,
  events: readonly KindEvent[],
): number {
  const { view, owner, isHeld } = held;
  if (isHeld || kind.forwards?.(view) === false) return 0;
  const subject = routeSubjectOf(view);
  const routed = events.filter(
    (event) =>
      event.reach !== 'none' &&
      sendersOf(event.party, owner).some((from) => recipients(routes, from, kind.operation, subject).includes(party)),
  );
  return Math.max(0, ...routed.map(({ seq }) => seq));
}
