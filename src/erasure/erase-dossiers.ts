import type { RecordedEvent } from '#core/dossier/apply';
import { fold } from '#core/dossier/fold';
import { createEraser, createHider } from '#core/erasure/erase-record';
import { formerPeople, type Person } from '#core/masking/mentions';
import type { DossierRow } from '../index/dossiers.ts';
import { type LoadedEvent, loadEvents } from '../index/events.ts';
import { type Found, loadIndexed } from '../index/load-indexed.ts';
import type { WaitingName } from '../ledger/erasures.ts';
import type { ErasedRows, ErasingHub, Order } from './erasing.ts';
import { stepsOfRecords } from './steps-of-records.ts';

type DossierRows = Pick<ErasedRows, 'dossiers' | 'events' | 'changes' | 'messages' | 'subjects' | 'names'>;

/** The rows of dossiers without personal data. Leaves out dossiers that have none any more. */
export async function erasedDossiers(hub: ErasingHub, codes: readonly string[], order: Order): Promise<DossierRows> {
  const { database, vault } = hub;
  const found = (await loadIndexed(database.pool, vault, codes)).filter(
    ({ aliasOf, held }) => aliasOf === undefined && !held.erased,
  );
  const empty = { dossiers: [], events: [], changes: [], messages: [], subjects: [], names: [] };
  if (found.length === 0) return empty;
  const own = found.map(({ held }) => held.code);
  const since = found.map(({ createdAt }) => createdAt).reduce((a, b) => (a < b ? a : b));
  const events = await loadEvents(database.pool, vault, own, since);
  const derived = await stepsOfRecords(hub, [...events.values()].flat());
  const shown = await freshnessOf(hub, own);
  const parts = found.map((one) =>
    erasedDossier(one, events.get(one.held.code) ?? [], derived, shown.get(one.held.code), order),
  );
  const silenced = order.hidden ? [] : own;
  return {
    dossiers: parts.map(({ row }) => row),
    events: parts.flatMap((part) => part.events),
    messages: parts.flatMap((part) => part.messages),
    changes: parts.map(({ row }) => changeOf(row, order)),
    subjects: order.hidden ? [] : parts.map(({ row, people }) => ({ subject: row.held.code, at: order.at, people })),
    names: await namesOf(hub, silenced, order),
  };
}

interface Shown {
  readonly party: string;
  readonly receivedAt: string;
  readonly changedAt: string;
}

function erasedDossier(
  { held, createdAt, messageId, former, rewrites }: Found,
  events: readonly LoadedEvent[],
  derived: ReadonlySet<LoadedEvent>,
  { party, receivedAt, changedAt }: Shown = { party: held.owner, receivedAt: createdAt, changedAt: createdAt },
  { erasure, at, hidden }: Order,
) {
  const { record } = held.view;
  const named: readonly Person[] = [
    ...[record, ...events.map((event) => event.record)].flatMap((one) => one?.applicant ?? []),
    ...former,
  ];
  const people = hidden?.people ?? named;
  const eraser = hidden ? createHider(people, hidden.isOne) : createEraser(people);
  const sent = events.filter((event) => !derived.has(event));
  const rewritten = new Map<LoadedEvent, object>();
  for (const event of sent) {
    const said = event.record ? eraser.dossier(event.record) : eraser.step(event.said as never);
    if (JSON.stringify(said) !== JSON.stringify(event.said)) rewritten.set(event, said);
  }
  const past: RecordedEvent[] = events.map((event) => {
    const said = rewritten.get(event);
    return event.record && said ? { ...event, record: said as typeof event.record } : event;
  });
  // The state follows from the erased events, as a rebuild finds it. Without all of them it is erased itself.
  const isWhole = events.length === held.version;
  const view = (isWhole && fold(past, held.owner)) || { ...held.view, record: eraser.dossier(record) };
  const row: DossierRow = {
    held: { ...held, view, erased: hidden ? held.erased : { erasure, at, upTo: messageId } },
    madeFrom: held.version,
    messageId,
    receivedAt,
    changedAt,
    createdAt,
    party,
    ownsCode: true,
    isClaimOnly: false,
    namesMore: false,
    former: hidden
      ? formerPeople(
          // Those of records in dropped months are in the row alone.
          isWhole ? [] : former.filter((person) => !hidden.isOne(person)),
          past.map((event) => event.record?.applicant),
          view.record.applicant,
        )
      : [],
    rewrites,
  };
  return {
    row,
    people,
    events: [...rewritten].map(([{ code, seq, recordedAt }, said]) => ({ code, seq, recordedAt, said })),
    messages: (hidden ? [...rewritten.keys()] : sent).map((event) => ({ id: event.messageId, people })),
  };
}

function changeOf({ held: { code, view } }: DossierRow, { at }: Order) {
  return { code, status: view.status, statusAt: view.statusAt, changedAt: at };
}

/** Which party's message readers see, and when it came. */
async function freshnessOf({ database }: ErasingHub, codes: readonly string[]): Promise<ReadonlyMap<string, Shown>> {
  const { rows } = await database.pool.query<Shown & { code: string }>({
    name: 'freshness',
    text: `SELECT code, masked::json #>> '{freshness,party}' AS party, masked::json #>> '{freshness,receivedAt}' AS "receivedAt",
             changed_at AS "changedAt"
           FROM dossiers WHERE code = ANY($1::text[])`,
    values: [codes],
  });
  return new Map(rows.map(({ code, ...shown }) => [code, shown]));
}

/** An alias names the dossier to its party alone. */
async function namesOf(
  { database }: ErasingHub,
  codes: readonly string[],
  { at }: Order,
): Promise<readonly WaitingName[]> {
  const { rows } = await database.pool.query<{ code: string; party: string }>({
    name: 'aliases of',
    text: 'SELECT code, party FROM aliases WHERE dossier = ANY($1::text[])',
    values: [codes],
  });
  const own = codes.map((code) => ({ code, party: undefined }));
  return [...own, ...rows].map((name) => ({ ...name, operations: 'dossier.', at }));
}
