import { instantToMs } from '#core/dates/dates';
import type { Database } from '../../database/pool.ts';
import { lastBackupAt } from '../../ledger/process-runs.ts';
import { hasTable } from './check-database.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('database');
const HOUR_MS = 3_600_000;
/** A backup each night is at most a day and its own duration old. The alert rules have the same limit. */
const OLD_MS = 30 * HOUR_MS;

/** Warns when the backups of the command `backup` have ended. PostgreSQL's own backups are not seen. */
export async function checkBackup(database: Database, nowMs: number): Promise<readonly Finding[]> {
  if (!(await hasTable(database, 'process_runs'))) return [];
  const at = await lastBackupAt(database);
  if (at === undefined) return [finding('info', 'lienthong backup has written no backup of it yet')];
  const ageMs = nowMs - instantToMs(at);
  const found = `the newest backup of lienthong backup is ${Math.round(ageMs / HOUR_MS)} h old, of ${at}`;
  if (ageMs < OLD_MS) return [finding('ok', found)];
  return [finding('warn', found, 'see why none followed: journalctl -u lienthong-backup, or the log of your own job')];
}
