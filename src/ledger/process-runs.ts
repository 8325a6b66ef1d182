import { msToInstant } from '#core/dates/dates';
import type { ProcessRun } from '#core/statistics/availability';
import type { Database } from '../database/pool.ts';
import type { Run } from '../database/transaction.ts';

/** A process that could not write for longer was away. Also the precision of reports. */
export const AWAY_AFTER_MS = 90_000;

/** Stores that a process of the hub runs, with its roles. @returns the id of its run */
export async function beginRun(database: Database, roles: readonly string[], nowMs: number): Promise<number> {
  const { rows } = await database.pool.query<{ id: number }>({
    name: 'begin run',
    text: `INSERT INTO process_runs (roles, started_at, seen_at) VALUES ($1, $2::timestamptz, $2::timestamptz) RETURNING id`,
    values: [roles, msToInstant(nowMs)],
  });
  return rows[0]?.id as number;
}

/**
 * Stores that the process still runs.
 *
 * @returns false if the last time is longer ago than `mostMs`: then it was away, and begins another run
 */
export async function continueRun(database: Database, id: number, nowMs: number, mostMs: number): Promise<boolean> {
  const { rowCount } = await database.pool.query({
    name: 'continue run',
    text: `UPDATE process_runs SET seen_at = $2::timestamptz
           WHERE id = $1 AND seen_at BETWEEN $3::timestamptz AND $2::timestamptz`,
    values: [id, msToInstant(nowMs), msToInstant(nowMs - mostMs)],
  });
  return rowCount === 1;
}

/** Stores that the process stops in order. */
export async function endRun(database: Database, id: number, nowMs: number): Promise<void> {
  await database.pool.query({
    name: 'end run',
    text: 'UPDATE process_runs SET seen_at = $2::timestamptz, ended_at = $2::timestamptz WHERE id = $1',
    values: [id, msToInstant(nowMs)],
  });
}

/** Runs of processes with a role that began by `to`, in the order of their starts. */
export async function listRuns(run: Run, role: string, to: string): Promise<readonly ProcessRun[]> {
  return run<ProcessRun>(
    `SELECT started_at AS "startedAt", seen_at AS "seenAt", ended_at AS "endedAt" FROM process_runs
     WHERE $1 = ANY(roles) AND started_at <= $2::timestamptz ORDER BY started_at, id`,
    [role, to],
  );
}

/** When the first process stored that it runs. Undefined if none did. Backups do not count. */
export async function firstRunAt(run: Run): Promise<string | undefined> {
  const [row] = await run<{ at: string | null }>(
    `SELECT min(started_at) AS at FROM process_runs WHERE roles <> '{backup}'`,
  );
  return row?.at ?? undefined;
}

/** Stores that a backup is whole, as a run with the role `backup`. @param startedMs the moment whose state it holds */
export async function storeBackup(database: Database, startedMs: number, nowMs: number): Promise<void> {
  await database.pool.query({
    name: 'store backup',
    text: `INSERT INTO process_runs (roles, started_at, seen_at, ended_at)
           VALUES ('{backup}', $1::timestamptz, $2::timestamptz, $2::timestamptz)`,
    values: [msToInstant(startedMs), msToInstant(nowMs)],
  });
}

/** The moment whose state the newest whole backup holds. Undefined if none was stored. */
export async function lastBackupAt(database: Database): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ at: string | null }>({
    name: 'last backup',
    text: `SELECT max(started_at) AS at FROM process_runs WHERE roles = '{backup}'`,
  });
  return rows[0]?.at ?? undefined;
}
