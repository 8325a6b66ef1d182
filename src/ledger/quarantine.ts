import { sql } from 'kysely';
import { msToInstant } from '#core/dates/dates';
import type { Cause } from '#core/problem';
import type { Words } from '#messages/message';
import { wordsText } from '#messages/stored';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import { namesOfDossiers } from '../database/names-of-dossiers.ts';
import { definePart, insertInto } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import { NIL_UUID } from '../database/uuid.ts';

export interface QuarantineRow {
  readonly cause: Cause;
  readonly party: string;
  readonly operation: string;
  readonly code: string | undefined;
  readonly messageId: string;
  readonly item: number;
  readonly openedAt: string;
}

/** The columns of a cause; those of an unmapped code are null for any other. */
export const causeColumns = {
  cause_kind: ['text', ({ cause }: { readonly cause: Cause }) => cause.kind],
  cause_key: ['text', ({ cause }: { readonly cause: Cause }) => cause.key],
  cause_table: ['text', ({ cause }: { readonly cause: Cause }) => (cause.kind === 'unmapped' ? cause.table : null)],
  cause_from: ['text', ({ cause }: { readonly cause: Cause }) => (cause.kind === 'unmapped' ? cause.from : null)],
  detail: ['text', ({ cause }: { readonly cause: Cause }) => cause.message],
  words: ['text', ({ cause }: { readonly cause: Cause }) => wordsText(cause)],
} as const;

const columns = {
  ...causeColumns,
  party: ['text', (r: QuarantineRow) => r.party],
  operation: ['text', (r: QuarantineRow) => r.operation],
  code: ['text', (r: QuarantineRow) => r.code],
  message_id: ['uuid', (r: QuarantineRow) => r.messageId],
  item: ['int4', (r: QuarantineRow) => r.item],
  opened_at: ['timestamptz', (r: QuarantineRow) => r.openedAt],
} as const;

/** An item or a delivery that waits for an operator, or for its dossier. */
export const quarantinePart = definePart<QuarantineRow>(
  'quarantine',
  columns,
  insertInto('quarantine', Object.keys(columns), ['words']),
);

export interface QuarantineAge {
  readonly party: string;
  readonly oldestS: number;
}

/** Per party, the age of the oldest item or delivery that waits for an operator. Others go on by themselves. */
export async function loadQuarantineAges(database: Database, nowMs: number): Promise<readonly QuarantineAge[]> {
  const { rows } = await database.pool.query<QuarantineAge>({
    name: 'quarantine ages',
    text: `
      SELECT party, GREATEST(extract(epoch FROM $1::timestamptz - min(opened_at)), 0)::float8 AS "oldestS"
      FROM quarantine
      WHERE settled_at IS NULL AND cause_kind NOT IN ('dossier-unknown', 'record-unknown', 'ahead-of-time') GROUP BY 1`,
    values: [msToInstant(nowMs)],
  });
  return rows;
}

export interface WaitingRow {
  readonly id: number;
  readonly messageId: string;
  readonly item: number;
  readonly causeKind: string;
  readonly causeKey: string;
  readonly code: string | null;
}

/** The place of a waiting item in the order by cause, message and item. */
export interface WaitingPlace {
  readonly causeKey: string;
  readonly messageId: string;
  readonly item: number;
}

/** The place before all waiting items. */
export const FIRST_WAITING: WaitingPlace = { causeKey: '', messageId: NIL_UUID, item: -1 };

/** How many waiting items one look examines: 10 ms, where all of 200,000 take 2 s. */
const LOOK = 1_000;
const COLUMNS = sql`
  q.id, q.message_id AS "messageId", q.item, q.cause_kind AS "causeKind", q.cause_key AS "causeKey", q.code`;

/**
 * Examines some waiting items after a place, and returns those whose dossier or record exists now, or whose code the
 * catalogue has now. Items of one cause come oldest first.
 *
 * @returns `end`: the place of the last examined item, or FIRST_WAITING if no item is left
 */
export async function loadReleasable(
  database: Database,
  after: WaitingPlace,
): Promise<{ readonly rows: readonly WaitingRow[]; readonly end: WaitingPlace }> {
  // Planned for the size that the tables have now: a plan of an earlier time may read all dossiers for each item.
  const { rows } = await sql<WaitingRow & { isReleasable: boolean; isEnd: boolean }>`
    WITH page AS MATERIALIZED (
      SELECT *, row_number() OVER (ORDER BY cause_key, message_id, item) AS place FROM quarantine
      WHERE settled_at IS NULL AND delivery_id IS NULL
        AND (cause_key, message_id, item) > (${after.causeKey}, ${after.messageId}::uuid, ${after.item}::int4)
      ORDER BY cause_key, message_id, item LIMIT ${LOOK})
    SELECT * FROM (
      SELECT ${COLUMNS}, q.place, q.place = ${LOOK} AS "isEnd",
        q.cause_kind IN ('dossier-unknown', 'not-owner') AND q.cause_key = 'dossier-unknown:' || q.code
          AND (EXISTS (SELECT FROM dossiers d WHERE d.code = q.code) OR EXISTS (SELECT FROM aliases a WHERE a.code = q.code))
        OR q.cause_kind IN ('record-unknown', 'not-owner')
          AND EXISTS (SELECT FROM records r WHERE r.subject = substr(q.cause_key, ${RECORD_UNKNOWN.length + 1}::int4))
        OR q.cause_kind = 'unmapped' AND q.cause_table IN ('agency', 'field')
          AND EXISTS (SELECT FROM catalogue c WHERE c.kind = q.cause_table AND c.key = q.cause_from) AS "isReleasable"
      FROM page q) AS examined
    WHERE "isReleasable" OR "isEnd" ORDER BY place`.execute(database.query);
  return {
    rows: rows.filter(({ isReleasable }) => isReleasable),
    end: rows.find(({ isEnd }) => isEnd) ?? FIRST_WAITING,
  };
}

/**
 * Waiting items whose moment has come, the earliest first.
 *
 * @param now an instant
 */
export async function loadDueItems(database: Database, now: string): Promise<readonly WaitingRow[]> {
  // Instants in one time zone sort as texts.
  const { rows } = await sql<WaitingRow>`
    SELECT ${COLUMNS} FROM quarantine q
    WHERE settled_at IS NULL AND delivery_id IS NULL AND cause_kind = 'ahead-of-time'
      AND cause_key > 'ahead-of-time:' AND cause_key <= ${`ahead-of-time:${now}`}
    ORDER BY cause_key, message_id, item LIMIT ${LOOK}`.execute(database.query);
  return rows;
}

interface SettledRow {
  readonly id: number;
  readonly at: string;
  readonly settlement: string;
}

/** Settles waiting rows, each once. A row that is settled already fails the batch. */
export const settledPart = definePart<SettledRow>(
  'settled',
  { id: ['int8', (r) => r.id], at: ['timestamptz', (r) => r.at], settlement: ['text', (r) => r.settlement] },
  (rows) => `
    UPDATE quarantine SET settled_at = given.at, settlement = given.settlement FROM ${rows}
    WHERE quarantine.id = given.id AND quarantine.settled_at IS NULL
    RETURNING quarantine.id`,
  true,
);

/** Those of these rows that no longer wait. */
export async function settledAmong({ pool }: Database, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set();
  const { rows } = await pool.query<{ id: number }>({
    name: 'settled among',
    text: 'SELECT id FROM quarantine WHERE id = ANY($1::int8[]) AND settled_at IS NOT NULL',
    values: [ids],
  });
  return new Set(rows.map(({ id }) => id));
}

/**
 * Moves a waiting item to another cause. Changes nothing if the item no longer waits, or waits for that cause already.
 */
export async function changeCause({ pool }: Database, id: number, cause: Cause, at: string): Promise<void> {
  await pool.query(
    `WITH moved AS (
       UPDATE quarantine SET settled_at = $5::timestamptz, settlement = '${CAUSE_CHANGED}'
       WHERE id = $1 AND settled_at IS NULL AND cause_key <> $3
       RETURNING party, operation, code, message_id, item)
     INSERT INTO quarantine (cause_kind, cause_key, cause_table, cause_from, detail, words, party, operation, code, message_id,
                             item, opened_at)
     SELECT $2, $3, $6, $7, $4, $8::json, party, operation, code, message_id, item, $5::timestamptz FROM moved`,
    [
      id,
      cause.kind,
      cause.key,
      cause.message,
      at,
      ...(cause.kind === 'unmapped' ? [cause.table, cause.from] : [null, null]),
      wordsText(cause),
    ],
  );
}

/** The key of the cause of applied items that a correction could not replace. */
export const correctionKey = (messageId: string): string => `${CORRECTION}${messageId}`;
export const isOfCorrection = (causeKey: string): boolean => causeKey.startsWith(CORRECTION);
const CORRECTION = 'correction:';

/** Adds an item that waits, unless it waits for that cause already. */
export async function addWaiting({ pool }: Database, row: QuarantineRow): Promise<void> {
  const { cause, party, operation, code, messageId, item, openedAt } = row;
  await pool.query(
    `INSERT INTO quarantine (cause_kind, cause_key, detail, words, party, operation, code, message_id, item, opened_at)
     SELECT $1, $2::text, $3, $4::json, $5, $6, $7, $8::uuid, $9::int4, $10::timestamptz
     WHERE NOT EXISTS (SELECT FROM quarantine
                       WHERE cause_key = $2::text AND message_id = $8::uuid AND item = $9::int4 AND settled_at IS NULL)`,
    [cause.kind, cause.key, cause.message, wordsText(cause), party, operation, code, messageId, item, openedAt],
  );
}

/** The settlement of a row whose item moved to another cause. */
export const CAUSE_CHANGED = 'waits for something else';

/** The codes of dossiers, also those given to known dossiers, and the subjects of records that a batch created. */
export interface Created {
  readonly dossiers: readonly string[];
  readonly records: readonly string[];
}

/** Items that wait for one of these dossiers or records, oldest first. */
export async function loadWaitingFor(
  database: Database,
  { dossiers, records }: Created,
): Promise<readonly WaitingRow[]> {
  const { rows } = await database.pool.query<WaitingRow>({
    name: 'waiting for',
    text: `SELECT id, message_id AS "messageId", item, cause_kind AS "causeKind", cause_key AS "causeKey", code
           FROM quarantine
           WHERE settled_at IS NULL
             AND (code = ANY($1::text[]) AND cause_key = 'dossier-unknown:' || code OR cause_key = ANY($2::text[]))
           ORDER BY id`,
    values: [dossiers, records.map(recordUnknownKey)],
  });
  return rows;
}

/** Waiting reports that contradict a record, by party, with the code of the oldest. */
export async function countContradictions(
  database: Database,
): Promise<readonly { readonly party: string; readonly count: number; readonly code: string }[]> {
  const { rows } = await database.pool.query<{ party: string; count: number; code: string }>({
    name: 'count contradictions',
    text: `SELECT party, count(*)::int4 AS count, (array_agg(code ORDER BY id))[1] AS code FROM quarantine
           WHERE cause_kind = 'contradiction' AND settled_at IS NULL GROUP BY party`,
  });
  return rows;
}

const RECORD_UNKNOWN = 'record-unknown:';

/** The key of the cause of a report whose record the hub does not have. */
export function recordUnknownKey(subject: string): string {
  return `${RECORD_UNKNOWN}${subject}`;
}

/** All items and deliveries with the same cause, as one line. */
export interface WaitingCause {
  /** The id of its oldest row, which names the cause in requests. */
  readonly id: number;
  readonly kind: string;
  readonly key: string;
  /** The code that a table lacks. Null for a cause of another kind. */
  readonly unmapped: { readonly table: string; readonly from: string } | null;
  /** The reason, in the words of the oldest row. */
  readonly detail: string;
  readonly words: Words | null;
  readonly since: string;
  readonly dossiers: number;
  readonly items: number;
  readonly deliveries: number;
  readonly parties: readonly string[];
}

interface CauseRow extends Omit<WaitingCause, 'unmapped'> {
  readonly table: string | null;
  readonly from: string | null;
}

function causeOf<Row extends Pick<CauseRow, 'table' | 'from'>>({ table, from, ...cause }: Row) {
  return { ...cause, unmapped: table === null || from === null ? null : { table, from } };
}

const CAUSE = `min(id) AS id, cause_kind AS kind, cause_key AS key, min(cause_table) AS "table", min(cause_from) AS "from",
  (array_agg(detail ORDER BY id))[1] AS detail, (array_agg(words ORDER BY id))[1] AS words,
  min(opened_at) AS since, count(DISTINCT code) AS dossiers, count(*) FILTER (WHERE delivery_id IS NULL) AS items,
  count(delivery_id) AS deliveries, array_agg(DISTINCT party) AS parties`;

export interface CauseFilter {
  readonly kind?: string;
  readonly party?: string;
  /** Any code of a waiting dossier, or of one with a waiting item. */
  readonly code?: string | undefined;
}

/** Causes with waiting items, oldest first, after the id `after`. Counts only rows that match the filter. */
export async function listCauses(
  database: Database,
  filter: CauseFilter,
  limit: number,
  after: number | undefined,
): Promise<readonly WaitingCause[]> {
  const { rows } = await sql<CauseRow>`
    SELECT ${sql.raw(CAUSE)} ${await causesBy(database, filter)}
    HAVING min(id) > ${after ?? 0} ORDER BY min(id) LIMIT ${limit}`.execute(database.query);
  return rows.map(causeOf);
}

export const countCauses = async (database: Database, filter: CauseFilter): Promise<Total> =>
  countUpTo(database, sql`SELECT ${await causesBy(database, filter)}`);

async function causesBy(database: Database, filter: CauseFilter) {
  const [kind, party] = [filter.kind ?? null, filter.party ?? null];
  const ids = filter.code === undefined ? null : await waitingOfDossier(database, filter.code);
  return sql`FROM quarantine
    WHERE settled_at IS NULL AND (${kind}::text IS NULL OR cause_kind = ${kind})
      AND (${party}::text IS NULL OR party = ${party}) AND (${ids}::int8[] IS NULL OR id = ANY(${ids}))
    GROUP BY cause_kind, cause_key`;
}

/**
 * The waiting rows of a dossier, under any of its codes. An alias counts for its party only, because the same number in
 * another system is another dossier.
 */
async function waitingOfDossier(database: Database, code: string): Promise<readonly number[]> {
  const { rows } = await database.pool.query<{ id: number }>(
    `WITH dossier AS (SELECT $1::text COLLATE "C" AS code UNION SELECT dossier FROM aliases WHERE code = $1),
       name AS (SELECT code, NULL AS party FROM dossier
                UNION ALL SELECT a.code, a.party FROM aliases a JOIN dossier d ON d.code = a.dossier)
     SELECT DISTINCT q.id FROM name JOIN quarantine q ON q.code = name.code
     WHERE q.settled_at IS NULL AND (name.party IS NULL OR q.party = name.party)`,
    [code],
  );
  return rows.map(({ id }) => id);
}

/** The cause of a row, with everything that waits for it. Undefined if nothing waits any more. */
export async function oneCause(database: Database, id: number): Promise<WaitingCause | undefined> {
  const { rows } = await database.pool.query<CauseRow>(
    `SELECT ${CAUSE} FROM quarantine
     WHERE settled_at IS NULL AND cause_key = (SELECT cause_key FROM quarantine WHERE id = $1)
     GROUP BY cause_kind, cause_key`,
    [id],
  );
  return rows[0] && causeOf(rows[0]);
}

/** How many items and deliveries of a party wait for a cause. */
export async function countWaiting(
  database: Database,
  causeKey: string,
  party: string,
): Promise<Pick<WaitingCause, 'items' | 'deliveries'>> {
  const { rows } = await database.pool.query<{ items: number; deliveries: number }>(
    `SELECT count(*) FILTER (WHERE delivery_id IS NULL)::int4 AS items, count(delivery_id)::int4 AS deliveries
     FROM quarantine WHERE settled_at IS NULL AND cause_key = $1 AND party = $2`,
    [causeKey, party],
  );
  return rows[0] ?? { items: 0, deliveries: 0 };
}

/** The cause and party of a waiting or settled row. Undefined for an unknown id. */
export async function findCause(
  database: Database,
  id: number,
): Promise<(Pick<WaitingCause, 'kind' | 'key' | 'unmapped'> & { readonly party: string }) | undefined> {
  const { rows } = await database.pool.query<Pick<CauseRow, 'kind' | 'key' | 'table' | 'from'> & { party: string }>(
    'SELECT cause_kind AS kind, cause_key AS key, cause_table AS "table", cause_from AS "from", party FROM quarantine WHERE id = $1',
    [id],
  );
  return rows[0] && causeOf(rows[0]);
}

/** One waiting or settled row. */
export interface WaitingItemRow {
  readonly id: number;
  readonly party: string;
  readonly operation: string;
  readonly code: string | null;
  readonly detail: string;
  readonly words: Words | null;
  readonly messageId: string;
  /** Its position in the message. Null for a delivery. */
  readonly item: number | null;
  readonly deliveryId: number | null;
  readonly openedAt: string;
  readonly settledAt: string | null;
  readonly settlement: string | null;
  readonly settledBy: string | null;
}

const ROW = `id, party, operation, code, detail, words, message_id AS "messageId", item,
  delivery_id AS "deliveryId", opened_at AS "openedAt", settled_at AS "settledAt", settlement, settled_by AS "settledBy"`;

/** Items and deliveries that wait for a cause, oldest first, after the id `after`. */
export async function listWaiting(
  database: Database,
  causeKey: string,
  limit: number,
  after: number | undefined,
): Promise<readonly WaitingItemRow[]> {
  const { rows } = await database.pool.query<WaitingItemRow>(
    `SELECT ${ROW} FROM quarantine WHERE cause_key = $1 AND settled_at IS NULL AND id > $2 ORDER BY id LIMIT $3`,
    [causeKey, after ?? 0, limit],
  );
  return rows;
}

export const countWaitingFor = (database: Database, causeKey: string): Promise<Total> =>
  countUpTo(
    database,
    database.query.selectFrom('quarantine').where('cause_key', '=', causeKey).where('settled_at', 'is', null),
  );

/** The items of a message that wait, or waited. */
export async function waitingOfMessage(database: Database, messageId: string): Promise<readonly WaitingItemRow[]> {
  const { rows } = await database.pool.query<WaitingItemRow>(
    `SELECT ${ROW} FROM quarantine WHERE message_id = $1 ORDER BY id`,
    [messageId],
  );
  return rows;
}

/** Entries of the quarantine, open and closed, of a dossier and of these deliveries. Newest first. */
export async function waitsOf(
  database: Database,
  code: string,
  deliveryIds: readonly number[],
  limit: number,
): Promise<readonly WaitingItemRow[]> {
  const { rows } = await database.pool.query<WaitingItemRow>(
    // The indexes are partial: waiting rows, and settled ones.
    `WITH name AS ${namesOfDossiers('SELECT $1::text')}
     SELECT ${ROW} FROM quarantine WHERE id IN (
       SELECT q.id FROM name JOIN quarantine q ON q.code = name.code AND q.settled_at IS NULL
       WHERE name.party IS NULL OR q.party = name.party
       UNION SELECT q.id FROM name JOIN quarantine q ON q.code = name.code AND q.settled_at IS NOT NULL
       WHERE name.party IS NULL OR q.party = name.party
       UNION SELECT id FROM quarantine WHERE delivery_id = ANY($2::int8[]) AND settled_at IS NULL
       UNION SELECT id FROM quarantine WHERE delivery_id = ANY($2::int8[]) AND settled_at IS NOT NULL)
     ORDER BY id DESC LIMIT $3`,
    [code, deliveryIds, limit],
  );
  return rows;
}
