import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';

/** An order to read the messages before a mapping change again, and to correct what they said. */
export interface Correction {
  readonly days: number;
  readonly who: string;
  readonly why: string;
  readonly at: string;
  /** How many items were corrected. */
  readonly items: number;
  /** Null while it runs. */
  readonly endedAt: string | null;
}

export interface NewCorrection extends Pick<Correction, 'days' | 'who' | 'why'> {
  readonly changeId: number;
  /** The messages between these ids. */
  readonly after: string;
  readonly before: string;
}

/**
 * Stores an order within a transaction that locked its change.
 *
 * @returns false if another order of the change still runs
 */
export async function addCorrection(
  tx: pg.PoolClient,
  { changeId, days, who, why, after, before }: NewCorrection,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO corrections (change_id, days, who, why, at, after_id, before_id)
     SELECT $1, $2, $3, $4, $5::timestamptz, $6::uuid, $7::uuid
     WHERE NOT EXISTS (SELECT FROM corrections WHERE change_id = $1 AND ended_at IS NULL)`,
    [changeId, days, who, why, msToInstant(nowMs), after, before],
  );
  return rowCount === 1;
}

/** The newest order of each of these changes. */
export async function loadCorrections(
  { pool }: Pick<Database, 'pool'>,
  changes: readonly number[],
): Promise<ReadonlyMap<number, Correction>> {
  const { rows } = await pool.query<Correction & { readonly changeId: number }>(
    `SELECT DISTINCT ON (change_id) change_id AS "changeId", days, who, why, at, items, ended_at AS "endedAt"
     FROM corrections WHERE change_id = ANY($1::int8[]) ORDER BY change_id, id DESC`,
    [changes],
  );
  return new Map(rows.map(({ changeId, ...correction }) => [changeId, correction]));
}

export async function openCorrections({ pool }: Pick<Database, 'pool'>): Promise<readonly number[]> {
  const { rows } = await pool.query<{ id: number }>({
    name: 'open corrections',
    text: 'SELECT id FROM corrections WHERE ended_at IS NULL ORDER BY id',
  });
  return rows.map(({ id }) => id);
}

export interface OpenCorrection {
  readonly party: string;
  readonly after: string;
  readonly before: string;
}

/** Locks an order that runs. Undefined while another process works on it. */
export async function lockCorrection(tx: pg.PoolClient, id: number): Promise<OpenCorrection | undefined> {
  const { rows } = await tx.query<OpenCorrection>(
    `SELECT m.party, c.after_id AS after, c.before_id AS before
     FROM corrections c JOIN mapping_changes m ON m.id = c.change_id
     WHERE c.id = $1 AND c.ended_at IS NULL FOR UPDATE OF c SKIP LOCKED`,
    [id],
  );
  return rows[0];
}

/** @param after the last message that was read again */
export async function advanceCorrection(
  tx: pg.PoolClient,
  id: number,
  { after, items, isDone }: { readonly after: string; readonly items: number; readonly isDone: boolean },
  nowMs: number,
): Promise<void> {
  await tx.query(
    `UPDATE corrections SET after_id = $2::uuid, items = items + $3, ended_at = CASE WHEN $4 THEN $5::timestamptz END
     WHERE id = $1`,
    [id, after, items, isDone, msToInstant(nowMs)],
  );
}
