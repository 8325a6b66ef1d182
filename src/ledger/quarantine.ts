import type { Cause } from '#core/problem';
import { definePart, insertInto } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';

export interface QuarantineRow {
  readonly cause: Cause;
  readonly party: string;
  readonly operation: string;
  readonly code: string | undefined;
  readonly messageId: string;
  readonly item: number;
  readonly openedAt: string;
}

const columns = {
  cause_kind: ['text', (r: QuarantineRow) => r.cause.kind],
  cause_key: ['text', (r: QuarantineRow) => r.cause.key],
  detail: ['text', (r: QuarantineRow) => r.cause.message],
  party: ['text', (r: QuarantineRow) => r.party],
  operation: ['text', (r: QuarantineRow) => r.operation],
  code: ['text', (r: QuarantineRow) => r.code],
  message_id: ['uuid', (r: QuarantineRow) => r.messageId],
  item: ['int4', (r: QuarantineRow) => r.item],
  opened_at: ['timestamptz', (r: QuarantineRow) => r.openedAt],
} as const;

/** What waits for a person, or for its dossier. */
export const quarantinePart = definePart<QuarantineRow>(
  'quarantine',
  columns,
  insertInto('quarantine', Object.keys(columns)),
);

export interface WaitingRow {
  readonly id: number;
  readonly messageId: string;
  readonly item: number;
  readonly causeKey: string;
}

/** Items that wait for a dossier which is there now, oldest first. */
export async function loadReleasable(database: Database, limit: number): Promise<readonly WaitingRow[]> {
  const rows = await database.query
    .selectFrom('quarantine as q')
    .select(['q.id', 'q.message_id as messageId', 'q.item', 'q.cause_key as causeKey'])
    .where('q.settled_at', 'is', null)
    .where('q.cause_kind', '=', 'dossier-unknown')
    .where(({ or, exists, selectFrom }) =>
      or([
        exists(selectFrom('dossiers as d').select('d.code').whereRef('d.code', '=', 'q.code')),
        exists(selectFrom('aliases as a').select('a.code').whereRef('a.code', '=', 'q.code')),
      ]),
    )
    .orderBy('q.id')
    .limit(limit)
    .execute();
  return rows;
}

interface SettledRow {
  readonly id: number;
  readonly at: string;
  readonly settlement: string;
}

/** Close what waited, once: a row that is settled already fails the batch. */
export const settledPart = definePart<SettledRow>(
  'settled',
  { id: ['int8', (r) => r.id], at: ['timestamptz', (r) => r.at], settlement: ['text', (r) => r.settlement] },
  (rows) => `
    UPDATE quarantine SET settled_at = given.at, settlement = given.settlement FROM ${rows}
    WHERE quarantine.id = given.id AND quarantine.settled_at IS NULL
    RETURNING quarantine.id`,
  true,
);

/** Items that wait for one of these dossiers, oldest first. */
export async function loadWaitingFor(database: Database, codes: readonly string[]): Promise<readonly WaitingRow[]> {
  const { rows } = await database.pool.query<WaitingRow>({
    name: 'waiting for',
    text: `SELECT id, message_id AS "messageId", item, cause_key AS "causeKey" FROM quarantine
           WHERE code = ANY($1::text[]) AND settled_at IS NULL AND cause_kind = 'dossier-unknown' ORDER BY id`,
    values: [codes],
  });
  return rows;
}
