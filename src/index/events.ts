import type pg from 'pg';
import type { RecordedEvent } from '#core/dossier/apply';
import type { Anomaly } from '#core/dossier/event';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapGivingWay, mapYielding } from '../concurrency/yielding.ts';
import { definePart, insertInto, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import { openContentId, sealContentId, sealRecord } from './sealed-records.ts';

export interface EventRow {
  readonly code: string;
  readonly event: RecordedEvent;
  /** The party's statement: the canonical record. */
  readonly said: object;
  readonly movedStatus: boolean;
  readonly anomaly: Anomaly | undefined;
  /** When it was applied, and when its message arrived. It may have waited in between. */
  readonly recordedAt: string;
  readonly receivedAt: string;
  readonly messageId: string;
  readonly item: number;
  /** The owner of the dossier after the event. Absent for events from before the ownership rules. */
  readonly owner: string | undefined;
}

export async function eventPart(rows: readonly EventRow[], vault: Vault): Promise<Part> {
  return part(
    await mapGivingWay(rows, (row) => ({
      row,
      sealed: sealRecord(vault, row.said),
      hash: sealContentId(vault, row.said, row.event.contentId),
    })),
  );
}

interface SealedRow {
  readonly row: EventRow;
  readonly sealed: Sealed;
  readonly hash: Buffer;
}

const columns = {
  code: ['text', ({ row }: SealedRow) => row.code],
  seq: ['int4', ({ row }: SealedRow) => row.event.seq],
  recorded_at: ['timestamptz', ({ row }: SealedRow) => row.recordedAt],
  received_at: ['timestamptz', ({ row }: SealedRow) => row.receivedAt],
  kind: ['text', ({ row }: SealedRow) => row.event.kind],
  at: ['timestamptz', ({ row }: SealedRow) => row.event.at],
  status: ['text', ({ row }: SealedRow) => row.event.status],
  party: ['text', ({ row }: SealedRow) => row.event.party],
  authoritative: ['bool', ({ row }: SealedRow) => row.event.authoritative],
  inferred: ['bool', ({ row }: SealedRow) => row.event.inferred],
  moved_status: ['bool', ({ row }: SealedRow) => row.movedStatus],
  anomaly: ['text', ({ row }: SealedRow) => row.anomaly],
  hash: ['bytea', ({ hash }: SealedRow) => hash],
  message_id: ['uuid', ({ row }: SealedRow) => row.messageId],
  item: ['int4', ({ row }: SealedRow) => row.item],
  record: ['bytea', ({ sealed }: SealedRow) => sealed.bytes],
  record_key: ['int4', ({ sealed }: SealedRow) => sealed.keyId],
  owner: ['text', ({ row }: SealedRow) => row.owner],
  // As one text, because a column of arrays cannot hold arrays of different lengths.
  shared: ['text', ({ row }: SealedRow) => row.event.shared?.join(' ')],
  corrected_by: ['int4', ({ row }: SealedRow) => row.event.correctedBy],
} as const;
const part = definePart<SealedRow>('event', columns, insertInto('events', Object.keys(columns)));

/** An event, and the number of the event that replaces it. */
export interface CorrectedRow {
  readonly code: string;
  readonly seq: number;
  readonly recordedAt: string;
  readonly by: number;
}

/** Marks replaced events. Fails the batch if another one replaced them meanwhile. */
export const correctedPart: (rows: readonly CorrectedRow[]) => Part = definePart<CorrectedRow>(
  'corrected',
  {
    code: ['text', ({ code }) => code],
    seq: ['int4', ({ seq }) => seq],
    recorded_at: ['timestamptz', ({ recordedAt }) => recordedAt],
    corrected_by: ['int4', ({ by }) => by],
  },
  (rows) => `UPDATE events e SET corrected_by = given.corrected_by FROM ${rows}
    WHERE e.code = given.code AND e.seq = given.seq AND e.recorded_at = given.recorded_at AND e.corrected_by IS NULL
    RETURNING 1`,
  true,
);

/** A row of `events`, with its content if that is read. */
export interface EventsRow {
  code: string;
  seq: number;
  recorded_at: string;
  received_at: string;
  kind: 'dossier' | 'progress';
  at: string;
  status: RecordedEvent['status'];
  party: string;
  authoritative: boolean;
  inferred: boolean;
  moved_status: boolean;
  hash: Buffer;
  message_id: string;
  item: number;
  record: Buffer | null;
  record_key: number;
  owner: string | null;
  shared: string | null;
  corrected_by: number | null;
}

export interface LoadedEvent extends RecordedEvent {
  readonly code: string;
  readonly recordedAt: string;
  readonly receivedAt: string;
  readonly messageId: string;
  readonly movedStatus: boolean;
  readonly said: Dossier | Progress;
  /** The owner of the dossier after the event. Absent on events of an older version. */
  readonly owner?: string | undefined;
}

/** An event whose content may not be loaded. Steps are long lists, and few readers need their content. */
export type ReadEvent = Omit<LoadedEvent, 'said'> & { readonly said?: Dossier | Progress | undefined };

/**
 * The whole history of these dossiers, in the order of recording. Long ones are read page by page, and other requests
 * run in between.
 *
 * @param since when the oldest of them was first recorded; earlier months are not read
 */
export async function loadEvents(
  db: Queryable,
  vault: Vault,
  codes: readonly string[],
  since: string,
): Promise<ReadonlyMap<string, readonly LoadedEvent[]>> {
  return (await loadEventsReading(db, vault, codes, since)) as ReadonlyMap<string, readonly LoadedEvent[]>;
}

/** The same, with the content of steps only for these numbers. */
export async function loadEventsReading(
  db: Queryable,
  vault: Vault,
  codes: readonly string[],
  since: string,
  steps?: readonly number[],
): Promise<ReadonlyMap<string, readonly ReadEvent[]>> {
  const found = new Map<string, ReadEvent[]>(codes.map((code) => [code, []]));
  for await (const page of pagesOf(db, codes, since, steps))
    for (const event of await mapYielding(page, (row) => read(row, vault))) found.get(event.code)?.push(event);
  return found;
}

type Queryable = pg.Pool | pg.PoolClient;

const PAGE_ROWS = 1_000;
const PAGE_BYTES = 4 * 1024 * 1024;
/** Dossiers of one statement, because the database sorts all their events. */
const CODES = 100;

/** Rows of these dossiers, by code and in the order of recording, as many at a time as memory allows. */
async function* pagesOf(
  db: Queryable,
  codes: readonly string[],
  since: string,
  steps: readonly number[] | undefined,
): AsyncGenerator<readonly EventsRow[]> {
  const sorted = [...new Set(codes)].sort(byBytes);
  for (let at = 0; at < sorted.length; ) {
    const some = sorted.slice(at, at + CODES);
    const page = await onePage(db, { codes: some, after: 0, since, steps });
    yield page.rows;
    const last = page.rows.at(-1);
    if (!page.isCut || !last) {
      at += some.length;
      continue;
    }
    // A dossier that was cut is finished alone. The others follow.
    for (let after = last.seq, isCut = true; isCut; ) {
      const rest = await onePage(db, { codes: [last.code], after, since, steps });
      yield rest.rows;
      isCut = rest.isCut;
      after = rest.rows.at(-1)?.seq ?? after;
    }
    at = sorted.indexOf(last.code, at) + 1;
  }
}

/** The order of COLLATE "C", which is that of the bytes. */
function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

interface Asked {
  readonly codes: readonly string[];
  readonly after: number;
  readonly since: string;
  readonly steps: readonly number[] | undefined;
}

async function onePage(
  db: Queryable,
  { codes, after, since, steps }: Asked,
): Promise<{ readonly rows: readonly EventsRow[]; readonly isCut: boolean }> {
  const { rows } = await db.query<EventsRow & { looked: number }>({
    name: 'load events',
    text: LOAD_EVENTS,
    values: [codes, since, steps ?? null, after],
  });
  const looked = rows[0]?.looked ?? 0;
  return { rows, isCut: looked === PAGE_ROWS || rows.length < looked };
}

/**
 * One index scan for each code in turn. With a list of codes and an order, the server would sort whole histories for
 * each page, or read the whole index. The size of a record is known without reading it, and the first row always comes.
 */
const LOAD_EVENTS = `
  SELECT code, seq, recorded_at, received_at, kind, at, status, party, authoritative, inferred, moved_status, hash, message_id,
         item, CASE WHEN is_read THEN record END AS record, record_key, owner, shared, corrected_by, looked
  FROM (
    SELECT *, count(*) OVER ()::int4 AS looked,
      sum(CASE WHEN is_read THEN octet_length(record) ELSE 0 END) OVER (ORDER BY code, seq) AS bytes
    FROM (
      SELECT e.*, e.kind = 'dossier' OR $3::int4[] IS NULL OR e.seq = ANY($3) AS is_read
      FROM unnest($1::text[]) AS given(one)
      CROSS JOIN LATERAL (
        SELECT * FROM events WHERE code = given.one AND seq > $4 AND recorded_at >= $2::timestamptz
        ORDER BY seq LIMIT ${PAGE_ROWS}) e
      LIMIT ${PAGE_ROWS}) found) summed
  WHERE bytes <= ${PAGE_BYTES} OR bytes = octet_length(record)
  ORDER BY code, seq`;

/** An event, with its content if the row has it. */
export function read(row: EventsRow, vault: Vault): ReadEvent {
  const said = row.record ? JSON.parse(vault.open({ keyId: row.record_key, bytes: row.record }).toString()) : undefined;
  return {
    code: row.code,
    seq: row.seq,
    kind: row.kind,
    at: row.at,
    status: row.status,
    party: row.party,
    authoritative: row.authoritative,
    inferred: row.inferred,
    contentId: openContentId(vault, row.hash),
    record: row.kind === 'dossier' ? (said as Dossier) : undefined,
    recordedAt: row.recorded_at,
    receivedAt: row.received_at,
    messageId: row.message_id,
    item: row.item,
    movedStatus: row.moved_status,
    said,
    owner: row.owner ?? undefined,
    shared: row.shared === null ? undefined : sharedIn(row.shared),
    correctedBy: row.corrected_by ?? undefined,
  };
}

/** The members that an event may change, as its row lists them. */
function sharedIn(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}
