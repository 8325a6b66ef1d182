import { statSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { DATABASE_OF_HUB } from '#core/identifiers/audit-subject';
import { say, type Words } from '#messages/message';
import { render } from '#messages/render';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from './audit.ts';

/** The database was restored to an earlier state, or may have been. */
export interface DatabaseRestore {
  readonly noticedAt: string;
  /** When the newest stored message arrived, or the first process started. Later acknowledged messages are lost. */
  readonly newestAt: string;
  /** Until then a partner may already have what a delivery sends, from deliveries that the restore lost. */
  readonly doubtfulUntil: string;
}

const HOUR_MS = 3_600_000;
const SHORTEST_DOUBT_MS = HOUR_MS;
const LONGEST_DOUBT_MS = 7 * 24 * HOUR_MS;
/** Partners send lost messages again within this many times the lost period. */
const RESEND_FACTOR = 7;

/** More numbers than the hub gave out after the backup, so that no reader has seen a number given from now on. */
const NUMBER_LEAP = 1_000_000_000;

/**
 * Compares the database's identity with the stored one. A different identity means a restored backup, or a standby that took
 * over and may lack the newest commits. Partners and readers may then know more than the hub. The hub then numbers changes and
 * deliveries far above all numbers given before. For a while it marks deliveries as in doubt: it looks up before it sends.
 *
 * @param options the folder of the hub's own server, if any; an operator's order that reports a restore the hub cannot see
 * @returns the restore that this call noticed, otherwise undefined
 */
export async function checkDatabaseIdentity(
  database: Database,
  nowMs: number,
  {
    folder,
    order,
  }: { readonly folder: string | undefined; readonly order?: { readonly who: string; readonly why: string } },
): Promise<DatabaseRestore | undefined> {
  const home = await readHome(database.pool, folder);
  return inTransaction(database, async (tx) => {
    const rows = await lockedHomes(tx);
    const [known] = rows;
    if (!known) {
      await addIdentity(tx, home, nowMs);
      return undefined;
    }
    if (!isOtherDatabase(known.home, home) && !order) {
      const all = mergeMarks(known.home, home);
      if (all !== known.home) await tx.query('UPDATE database_homes SET home = $2 WHERE id = $1', [known.id, all]);
      return undefined;
    }
    const { rows: messages } = await tx.query<{ at: string }>(
      'SELECT received_at AS at FROM messages ORDER BY id DESC LIMIT 1',
    );
    const newestAt = messages[0]?.at ?? (rows.at(-1) ?? known).since;
    const missingMs = Math.max(0, nowMs - instantToMs(newestAt));
    const doubtMs = Math.min(Math.max(missingMs * RESEND_FACTOR, SHORTEST_DOUBT_MS), LONGEST_DOUBT_MS);
    // An earlier restore stays in doubt: the newest row has the latest end of all.
    const before = known.doubtfulUntil;
    const untilMs = Math.max(nowMs + doubtMs, before === null ? 0 : instantToMs(before));
    const restore = { noticedAt: msToInstant(nowMs), newestAt, doubtfulUntil: msToInstant(untilMs) };
    await addIdentity(tx, home, nowMs, restore);
    await tx.query('UPDATE change_counter SET value = value + $1', [NUMBER_LEAP]);
    await tx.query('UPDATE record_change_counters SET value = value + $1', [NUMBER_LEAP]);
    await tx.query(
      `SELECT setval(pg_get_serial_sequence('deliveries', 'id'), nextval(pg_get_serial_sequence('deliveries', 'id')) + $1)`,
      [NUMBER_LEAP],
    );
    const { who = 'hub', why = render(describeRestore(restore), 'en') } = order ?? {};
    await writeAudit(tx, { actor: who, action: 'database.put-back', subject: DATABASE_OF_HUB, why }, nowMs);
    return restore;
  });
}

/**
 * Checks whether a standby took over that lacks nothing, and makes it the known home: nothing is in doubt then. A recovery to a
 * point in time begins another timeline too.
 *
 * @param isComplete whether the server of a timeline has every acknowledged commit; undefined when this process cannot say
 * @returns `none` when the timeline is known, or something else changed too
 */
export async function checkTakeOver(
  database: Database,
  folder: string | undefined,
  isComplete: (timeline: string) => Promise<boolean | undefined>,
): Promise<'none' | 'complete' | 'incomplete' | 'unknown'> {
  const home = await readHome(database.pool, folder);
  const { rows } = await database.pool.query<{ home: string }>(
    'SELECT home FROM database_homes ORDER BY id DESC LIMIT 1',
  );
  const [known] = rows;
  if (!known || changedMarks(known.home, home).join() !== 'history') return 'none';
  const verdict = await isComplete(new Map(parseMarks(home)).get('history') as string);
  if (verdict === undefined) return 'unknown';
  if (!verdict) return 'incomplete';
  return inTransaction(database, async (tx) => {
    const [last] = await lockedHomes(tx);
    // Another process was faster.
    if (last?.home !== known.home) return 'none';
    await tx.query('UPDATE database_homes SET home = $2 WHERE id = $1', [last.id, mergeMarks(home, last.home)]);
    return 'complete';
  });
}

interface KnownHome {
  readonly id: number;
  readonly home: string;
  readonly since: string;
  readonly doubtfulUntil: string | null;
}

/** The known homes, the present one first. One process at a time decides. */
async function lockedHomes(tx: pg.PoolClient): Promise<readonly KnownHome[]> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('database home', 0))`);
  const { rows } = await tx.query<KnownHome>(
    'SELECT id, home, since, doubtful_until AS "doubtfulUntil" FROM database_homes ORDER BY id DESC',
  );
  return rows;
}

async function readHome(pool: pg.Pool, folder: string | undefined): Promise<string> {
  return [...(await readMarks(pool)), ...(folder === undefined ? [] : [fileMark(folder)])].join(', ');
}

/** The newest restore, while partners may still know more than the hub. */
export async function loadRecentRestore(database: Database, nowMs: number): Promise<DatabaseRestore | undefined> {
  const { rows } = await database.pool.query<DatabaseRestore>({
    name: 'doubtful home',
    text: `SELECT since AS "noticedAt", newest_at AS "newestAt", doubtful_until AS "doubtfulUntil"
           FROM database_homes WHERE doubtful_until > $1::timestamptz ORDER BY id DESC LIMIT 1`,
    values: [msToInstant(nowMs)],
  });
  return rows[0];
}

/** The restore, and what an operator must do, in words. */
export function describeRestore({ noticedAt, newestAt, doubtfulUntil }: DatabaseRestore): Words {
  return say('database-restored', { at: noticedAt, newest: newestAt, until: doubtfulUntil });
}

async function addIdentity(tx: pg.PoolClient, home: string, nowMs: number, restore?: DatabaseRestore): Promise<void> {
  await tx.query(
    `INSERT INTO database_homes (home, since, newest_at, doubtful_until)
     VALUES ($1, $2::timestamptz, $3::timestamptz, $4::timestamptz)`,
    [home, msToInstant(nowMs), restore?.newestAt ?? null, restore?.doubtfulUntil ?? null],
  );
}

/**
 * Each mark changes with one way to restore a database. A loaded dump has other tables, and maybe another database or server.
 * A point-in-time recovery and a standby that takes over begin another timeline. Marks that this role may not read are left
 * out.
 */
const MARKS = {
  server: 'SELECT system_identifier::text AS mark FROM pg_control_system()',
  history: 'SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS mark',
  database: 'SELECT oid::text AS mark FROM pg_database WHERE datname = current_database()',
  table: `SELECT 'database_homes'::regclass::oid::text AS mark`,
} as const;

function isOtherDatabase(known: string, now: string): boolean {
  return changedMarks(known, now).length > 0;
}

/** Compares only the marks that both processes may read. */
function changedMarks(known: string, now: string): readonly string[] {
  const marks = new Map(parseMarks(known));
  return parseMarks(now).flatMap(([name, mark]) => (marks.has(name) && marks.get(name) !== mark ? [name] : []));
}

/** Adds marks that another process could not read. */
function mergeMarks(known: string, now: string): string {
  const marks = new Map([...parseMarks(known), ...parseMarks(now), ...parseMarks(known)]);
  return [...marks].map(([name, mark]) => `${name} ${mark}`).join(', ');
}

function parseMarks(home: string): readonly (readonly [string, string])[] {
  return home.split(', ').map((one) => one.split(/ (.*)/, 2) as [string, string]);
}

/**
 * Detects a copy of the server's files, which PostgreSQL itself cannot. A change of owner or rights does not change the mark.
 * The mark needs the birth time, because the file system reuses inode numbers.
 */
function fileMark(folder: string): string {
  const { ino, birthtimeMs } = statSync(join(folder, 'PG_VERSION'));
  return `made ${ino}-${Math.round(birthtimeMs)}`;
}

async function readMarks(pool: pg.Pool): Promise<readonly string[]> {
  const marks: string[] = [];
  for (const [name, text] of Object.entries(MARKS)) {
    const { rows } = await pool.query<{ mark: string }>(text).catch((error: { code?: string }) => {
      if (error.code === INSUFFICIENT_PRIVILEGE) return { rows: [] };
      throw error;
    });
    if (rows[0]) marks.push(`${name} ${rows[0].mark}`);
  }
  return marks;
}

const INSUFFICIENT_PRIVILEGE = '42501';
