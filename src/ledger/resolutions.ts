import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';
import { IN_FORCE_AFTER_MS } from './code-entries.ts';
import type { WaitingRow } from './quarantine.ts';

/** An operator's decision about everything that waits for one cause. */
export interface Resolution {
  readonly id: number;
  readonly causeKey: string;
  /** The parties whose items and deliveries it covers. */
  readonly parties: readonly string[];
  /**
   * `map`: a code table now has an entry. `release`: try again, and accept doubtful text unchanged. `dismiss`: give up.
   */
  readonly action: 'map' | 'release' | 'dismiss';
  readonly who: string;
  readonly why: string;
  readonly at: string;
  /** Rows that start to wait until this moment are released too. */
  readonly until: string;
  /** The last item of the pass under way. Null: the next pass begins. */
  readonly afterMessage: string | null;
  readonly afterItem: number | null;
  /** How many items and deliveries have been released. */
  readonly freed: number;
  readonly finishedAt: string | null;
}

const COLUMNS = `id, cause_key AS "causeKey", parties, action, who, why, at, until, after_message AS "afterMessage",
  after_item AS "afterItem", freed, finished_at AS "finishedAt"`;

/** Other processes use a new entry a little later. Items that they quarantine until then are released too. */
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

/** A decision that is in force. `to` is the value of a mapped code. */
export interface Decided extends Pick<Resolution, 'action' | 'who' | 'at'> {
  readonly to?: string | undefined;
}

/** After this time the rows that still wait may be decided again. A release, for example, cannot settle every row. */
const STANDS_MS = 60_000;

/** Locks a cause until the transaction ends, so that decisions come one at a time. */
export async function lockCause(tx: pg.PoolClient, causeKey: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('cause ' || $1, 0))`, [causeKey]);
}

/** The decision about a cause for any of these parties, while it is carried out or if nothing waits any more. */
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

/** Locks an unfinished resolution until the transaction ends. Undefined if another process works on it. */
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
    `UPDATE resolutions SET after_message = $2::uuid, after_item = $3, freed = freed + $4, finished_at = $5::timestamptz
     WHERE id = $1`,
    [id, last?.messageId, last?.item, freed, finishedAt],
  );
}

/** The next items that wait for a resolution's cause, in the order of their messages. */
export async function loadItemsToRelease(
  tx: pg.PoolClient,
  { causeKey, parties, until, afterMessage, afterItem }: Resolution,
  limit: number,
): Promise<readonly WaitingRow[]> {
  const { rows } = await tx.query<WaitingRow>(
    `SELECT id, message_id AS "messageId", item, cause_kind AS "causeKind", cause_key AS "causeKey", code FROM quarantine
     WHERE cause_key = $1 AND settled_at IS NULL AND delivery_id IS NULL AND party = ANY($2::text[])
       AND opened_at <= $3::timestamptz AND ($4::uuid IS NULL OR (message_id, item) > ($4::uuid, $5::int4))
     ORDER BY message_id, item LIMIT $6`,
    [causeKey, parties, until, afterMessage, afterItem, limit],
  );
  return rows;
}

/** Records who settled those of these items that are settled. */
export async function noteSettledBy(tx: pg.PoolClient, rows: readonly WaitingRow[], who: string): Promise<void> {
  await tx.query('UPDATE quarantine SET settled_by = $2 WHERE id = ANY($1::int8[]) AND settled_at IS NOT NULL', [
    rows.map((row) => row.id),
    who,
  ]);
}

interface SettledDeliveries {
  readonly count: number;
  /** Parties with a delivery that is due now. */
  readonly parties: readonly string[];
}

/** Makes the held deliveries of a resolution's cause due again, oldest first. */
export async function releaseResolvedDeliveries(
  tx: pg.PoolClient,
  resolution: Resolution,
  at: string,
): Promise<SettledDeliveries> {
  return settleDeliveries(
    tx,
    resolution,
    at,
    `state = 'due', next_at = $5::timestamptz, cause_key = NULL, attempts = 0,
     outcome = NULL, reason = NULL, detail = NULL, words = NULL`,
  );
}

/** Settles the held deliveries as refused, so that the deliveries behind them continue. */
export async function dismissDeliveries(
  tx: pg.PoolClient,
  resolution: Resolution,
  at: string,
): Promise<SettledDeliveries> {
  const { who, why } = resolution;
  const set = `state = 'refused', next_at = $5::timestamptz, settled_at = $5::timestamptz, cause_key = NULL,
               outcome = 'refused', reason = 'dismissed', detail = $7, words = NULL`;
  return settleDeliveries(tx, resolution, at, set, [`${who}: ${why}`]);
}

async function settleDeliveries(
  tx: pg.PoolClient,
  { causeKey, parties, until, who, action }: Resolution,
  at: string,
  set: string,
  more: readonly string[] = [],
): Promise<SettledDeliveries> {
  const { rows } = await tx.query<{ party: string; count: number }>(
    `WITH held AS (
       SELECT q.id AS waiting, q.delivery_id AS id FROM quarantine q
       WHERE q.cause_key = $1 AND q.settled_at IS NULL AND q.delivery_id IS NOT NULL AND q.party = ANY($2::text[])
         AND q.opened_at <= $3::timestamptz),
     changed AS (
       UPDATE deliveries d SET ${set} FROM held
       WHERE d.id = held.id AND d.cause_key = $1 AND d.state || '' = 'held' RETURNING d.party),
     settled AS (
       UPDATE quarantine q SET settled_at = $5::timestamptz, settlement = $4, settled_by = $6
       FROM held WHERE q.id = held.waiting)
     SELECT party, count(*) AS count FROM changed GROUP BY party`,
    [causeKey, parties, until, SETTLEMENT[action], at, who, ...more],
  );
  return { count: rows.reduce((sum, row) => sum + row.count, 0), parties: rows.map((row) => row.party) };
}

const SETTLEMENT = { map: 'mapped', release: 'released', dismiss: 'dismissed' } as const;

/**
 * Dismisses the items: they are never applied.
 *
 * @returns how many
 */
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
