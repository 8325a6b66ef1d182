import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';
import { IN_FORCE_AFTER_MS } from './code-entries.ts';
import type { WaitingRow } from './quarantine.ts';

/** A person's word on what waits for one cause. */
export interface Resolution {
  readonly id: number;
  readonly causeKey: string;
  /** Whose items and deliveries it is about. */
  readonly parties: readonly string[];
  /** `map`: a code table says it now; `release`: try again, doubtful text as it stands; `dismiss`: it is given up. */
  readonly action: 'map' | 'release' | 'dismiss';
  readonly who: string;
  readonly why: string;
  readonly at: string;
  /** What came to wait until then is freed too. */
  readonly until: string;
  /** The last item that was looked at. */
  readonly afterMessage: string | null;
  readonly afterItem: number | null;
  /** Items and deliveries that wait no longer. */
  readonly freed: number;
  readonly finishedAt: string | null;
}

const COLUMNS = `id, cause_key AS "causeKey", parties, action, who, why, at, until, after_message AS "afterMessage",
  after_item AS "afterItem", freed, finished_at AS "finishedAt"`;

/** Other processes read by a new entry a little later: what they still put to wait meanwhile is freed as well. */
const LATECOMERS_MS = IN_FORCE_AFTER_MS + 3_000;

export async function addResolution(
  tx: pg.PoolClient,
  { causeKey, parties, action, who, why }: Pick<Resolution, 'causeKey' | 'parties' | 'action' | 'who' | 'why'>,
  nowMs: number,
): Promise<number> {
  const until = action === 'map' ? nowMs + LATECOMERS_MS : nowMs;
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO resolutions (cause_key, parties, action, who, why, at, until)
     VALUES ($1, $2, $3, $4, $5, $6::timestamptz, $7::timestamptz) RETURNING id`,
    [causeKey, parties, action, who, why, msToInstant(nowMs), msToInstant(until)],
  );
  return (rows[0] as { id: number }).id;
}

/** A word on a cause that stands, and what its code is to stand for where it was mapped. */
export interface Decided extends Pick<Resolution, 'action' | 'who' | 'at'> {
  readonly to?: string;
}

/** This much later whatever still waits may be decided anew, such as what a release cannot let go. */
const STANDS_MS = 60_000;

/** One word on a cause at a time: until the transaction ends, nobody else gives one. */
export async function lockCause(tx: pg.PoolClient, causeKey: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('cause ' || $1, 0))`, [causeKey]);
}

/** What was decided of a cause for any of these parties, while it is being carried out and when nothing waits any more. */
export async function decidedOf(
  db: pg.Pool | pg.PoolClient,
  causeKey: string,
  parties: readonly string[],
  nowMs: number,
): Promise<Pick<Resolution, 'action' | 'who' | 'at'> | undefined> {
  const { rows } = await db.query<Pick<Resolution, 'action' | 'who' | 'at'>>(
    `SELECT action, who, at FROM resolutions
     WHERE cause_key = $1 AND parties && $2::text[]
       AND (finished_at IS NULL AND at > $3::timestamptz
            OR NOT EXISTS (SELECT 1 FROM quarantine q
                           WHERE q.cause_key = $1 AND q.settled_at IS NULL AND q.party = ANY($2::text[])))
     ORDER BY id DESC LIMIT 1`,
    [causeKey, parties, msToInstant(nowMs - STANDS_MS)],
  );
  return rows[0];
}

export async function unfinishedResolutions(database: Database): Promise<readonly number[]> {
  const { rows } = await database.pool.query<{ id: number }>({
    name: 'unfinished resolutions',
    text: 'SELECT id FROM resolutions WHERE finished_at IS NULL ORDER BY id',
  });
  return rows.map((row) => row.id);
}

export async function loadResolution(database: Database, id: number): Promise<Resolution | undefined> {
  const { rows } = await database.pool.query<Resolution>(`SELECT ${COLUMNS} FROM resolutions WHERE id = $1`, [id]);
  return rows[0];
}

/** Own an unfinished resolution until the transaction ends; undefined when another process does. */
export async function lockResolution(tx: pg.PoolClient, id: number): Promise<Resolution | undefined> {
  const { rows } = await tx.query<Resolution>(
    `SELECT ${COLUMNS} FROM resolutions WHERE id = $1 AND finished_at IS NULL FOR UPDATE SKIP LOCKED`,
    [id],
  );
  return rows[0];
}

export async function advanceResolution(
  tx: pg.PoolClient,
  id: number,
  progress: { readonly last: WaitingRow | undefined; readonly freed: number; readonly finishedAt: string | undefined },
): Promise<void> {
  const { last, freed, finishedAt } = progress;
  await tx.query(
    `UPDATE resolutions SET after_message = coalesce($2::uuid, after_message), after_item = coalesce($3, after_item),
       freed = freed + $4, finished_at = $5::timestamptz WHERE id = $1`,
    [id, last?.messageId, last?.item, freed, finishedAt],
  );
}

/** The next items that wait for a resolution's cause, in the order of their messages. */
export async function loadItemsToFree(
  tx: pg.PoolClient,
  { causeKey, parties, until, afterMessage, afterItem }: Resolution,
  limit: number,
): Promise<readonly WaitingRow[]> {
  const { rows } = await tx.query<WaitingRow>(
    `SELECT id, message_id AS "messageId", item, cause_key AS "causeKey", code FROM quarantine
     WHERE cause_key = $1 AND settled_at IS NULL AND delivery_id IS NULL AND party = ANY($2::text[])
       AND opened_at <= $3::timestamptz AND ($4::uuid IS NULL OR (message_id, item) > ($4::uuid, $5::int4))
     ORDER BY message_id, item LIMIT $6`,
    [causeKey, parties, until, afterMessage, afterItem, limit],
  );
  return rows;
}

/** Say who settled what is settled among these. */
export async function signItems(tx: pg.PoolClient, rows: readonly WaitingRow[], who: string): Promise<void> {
  await tx.query('UPDATE quarantine SET settled_by = $2 WHERE id = ANY($1::int8[]) AND settled_at IS NOT NULL', [
    rows.map((row) => row.id),
    who,
  ]);
}

interface Freed {
  readonly count: number;
  /** Who has something due now. */
  readonly parties: readonly string[];
}

/** What a resolution's cause holds of deliveries is due again, oldest first as ever. */
export async function freeDeliveries(tx: pg.PoolClient, resolution: Resolution, at: string): Promise<Freed> {
  return settleDeliveries(
    tx,
    resolution,
    at,
    `state = 'due', next_at = $5::timestamptz, cause_key = NULL, attempts = 0`,
  );
}

/** They are given up: settled as refused, so that what is behind them goes on. */
export async function dismissDeliveries(tx: pg.PoolClient, resolution: Resolution, at: string): Promise<Freed> {
  const { who, why } = resolution;
  const set = `state = 'refused', next_at = $5::timestamptz, settled_at = $5::timestamptz, cause_key = NULL,
               outcome = 'refused', reason = 'dismissed', detail = $7`;
  return settleDeliveries(tx, resolution, at, set, [`${who}: ${why}`]);
}

async function settleDeliveries(
  tx: pg.PoolClient,
  { causeKey, parties, until, who, action }: Resolution,
  at: string,
  set: string,
  more: readonly string[] = [],
): Promise<Freed> {
  const { rows } = await tx.query<{ party: string; count: number }>(
    `WITH held AS (
       SELECT q.id AS waiting, q.delivery_id AS id FROM quarantine q
       WHERE q.cause_key = $1 AND q.settled_at IS NULL AND q.delivery_id IS NOT NULL AND q.party = ANY($2::text[])
         AND q.opened_at <= $3::timestamptz),
     freed AS (
       UPDATE deliveries d SET ${set} FROM held
       WHERE d.id = held.id AND d.cause_key = $1 AND d.state || '' = 'held' RETURNING d.party),
     settled AS (
       UPDATE quarantine q SET settled_at = $5::timestamptz, settlement = $4, settled_by = $6
       FROM held WHERE q.id = held.waiting)
     SELECT party, count(*) AS count FROM freed GROUP BY party`,
    [causeKey, parties, until, SETTLEMENT[action], at, who, ...more],
  );
  return { count: rows.reduce((sum, row) => sum + row.count, 0), parties: rows.map((row) => row.party) };
}

const SETTLEMENT = { map: 'mapped', release: 'released', dismiss: 'dismissed' } as const;

/** Items are given up: they are never applied. @returns how many */
export async function dismissItems(tx: pg.PoolClient, resolution: Resolution, at: string): Promise<number> {
  const { causeKey, parties, until, who } = resolution;
  const { rowCount } = await tx.query(
    `UPDATE quarantine SET settled_at = $4::timestamptz, settlement = 'dismissed', settled_by = $5
     WHERE cause_key = $1 AND settled_at IS NULL AND delivery_id IS NULL AND party = ANY($2::text[])
       AND opened_at <= $3::timestamptz`,
    [causeKey, parties, until, at, who],
  );
  return rowCount ?? 0;
}
