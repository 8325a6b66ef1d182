import { statSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { DATABASE_OF_HUB } from '#core/identifiers/audit-subject';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from './audit.ts';

/** That the database was put back to an earlier state, or may have been. */
export interface DatabaseRestore {
  readonly noticedAt: string;
  /** When the newest message that is there was received, or the first process came: what was acknowledged after it is lost. */
  readonly newestAt: string;
  /** Until then whatever is told may have been told before, by deliveries that are not known here any more. */
  readonly doubtfulUntil: string;
}

const HOUR_MS = 3_600_000;
const SHORTEST_DOUBT_MS = HOUR_MS;
const LONGEST_DOUBT_MS = 7 * 24 * HOUR_MS;
/** What was lost comes again within this many times as long as it took to come. */
const RESEND_FACTOR = 7;

/** More than anybody was told after the backup: nothing that is numbered from now on has a number that somebody has seen. */
const NUMBER_LEAP = 1_000_000_000;

/**
 * Look where the database is, and compare with where it was. Where that is another place, it was put back from a backup, or a
 * stand-by has taken over that may lack the newest commits: then partners and readers may know more than we do. So from now
 * on changes and deliveries are numbered far ahead of all that was ever given out, and for a while whatever partners are told
 * counts as told in doubt: they are asked first.
 *
 * @param options the folder of the server, where it is the hub's own; who says that it was put back, and why, where that
 *   cannot be seen
 * @returns what was noticed just now, by this process and no other
 */
export async function checkDatabaseIdentity(
  database: Database,
  nowMs: number,
  {
    folder,
    order,
  }: { readonly folder: string | undefined; readonly order?: { readonly who: string; readonly why: string } },
): Promise<DatabaseRestore | undefined> {
  const home = [...(await readMarks(database.pool)), ...(folder === undefined ? [] : [fileMark(folder)])].join(', ');
  return inTransaction(database, async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('database home', 0))`);
    const { rows } = await tx.query<{ id: number; home: string; since: string; doubtfulUntil: string | null }>(
      'SELECT id, home, since, doubtful_until AS "doubtfulUntil" FROM database_homes ORDER BY id DESC',
    );
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
    // What was put back before is no less in doubt: the newest line has the last moment of all.
    const before = known.doubtfulUntil;
    const untilMs = Math.max(nowMs + doubtMs, before === null ? 0 : instantToMs(before));
    const putBack = { noticedAt: msToInstant(nowMs), newestAt, doubtfulUntil: msToInstant(untilMs) };
    await addIdentity(tx, home, nowMs, putBack);
    await tx.query('UPDATE change_counter SET value = value + $1', [NUMBER_LEAP]);
    await tx.query(
      `SELECT setval(pg_get_serial_sequence('deliveries', 'id'), nextval(pg_get_serial_sequence('deliveries', 'id')) + $1)`,
      [NUMBER_LEAP],
    );
    const { who = 'hub', why = describeRestore(putBack) } = order ?? {};
    await writeAudit(tx, { actor: who, action: 'database.put-back', subject: DATABASE_OF_HUB, why }, nowMs);
    return putBack;
  });
}

/** The newest time that the database was put back, while partners may still know more than we do. */
export async function loadRecentRestore(database: Database, nowMs: number): Promise<DatabaseRestore | undefined> {
  const { rows } = await database.pool.query<DatabaseRestore>({
    name: 'doubtful home',
    text: `SELECT since AS "noticedAt", newest_at AS "newestAt", doubtful_until AS "doubtfulUntil"
           FROM database_homes WHERE doubtful_until > $1::timestamptz ORDER BY id DESC LIMIT 1`,
    values: [msToInstant(nowMs)],
  });
  return rows[0];
}

/** What a person has to know of it, and to do. */
export function describeRestore({ noticedAt, newestAt, doubtfulUntil }: DatabaseRestore): string {
  return `the database is another one than before, or was put back (noticed at ${noticedAt}); its newest message is of ${newestAt}: what was acknowledged after that and is not here must be sent again; until ${doubtfulUntil} partners are asked what they have before they are told anything`;
}

async function addIdentity(tx: pg.PoolClient, home: string, nowMs: number, putBack?: DatabaseRestore): Promise<void> {
  await tx.query(
    `INSERT INTO database_homes (home, since, newest_at, doubtful_until)
     VALUES ($1, $2::timestamptz, $3::timestamptz, $4::timestamptz)`,
    [home, msToInstant(nowMs), putBack?.newestAt ?? null, putBack?.doubtfulUntil ?? null],
  );
}

/**
 * Each of these differs after a way of putting a database back: a dump that is read in has other tables, or another database
 * or server besides; a recovery up to a moment, and a stand-by that takes over, begin another line of the server's history.
 * What this role may not ask is left out.
 */
const MARKS = {
  server: 'SELECT system_identifier::text AS mark FROM pg_control_system()',
  history: 'SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS mark',
  database: 'SELECT oid::text AS mark FROM pg_database WHERE datname = current_database()',
  table: `SELECT 'database_homes'::regclass::oid::text AS mark`,
} as const;

/** What only one of two processes may ask tells nothing. */
function isOtherDatabase(known: string, now: string): boolean {
  const marks = new Map(parseMarks(known));
  return parseMarks(now).some(([name, mark]) => marks.has(name) && marks.get(name) !== mark);
}

/** What one process may ask and another may not is kept by whichever comes. */
function mergeMarks(known: string, now: string): string {
  const marks = new Map([...parseMarks(known), ...parseMarks(now), ...parseMarks(known)]);
  return [...marks].map(([name, mark]) => `${name} ${mark}`).join(', ');
}

function parseMarks(home: string): readonly (readonly [string, string])[] {
  return home.split(', ').map((one) => one.split(/ (.*)/, 2) as [string, string]);
}

/**
 * A copy of the files is the same server to itself; that they are others than before is known by them alone. A change of their
 * owner or their rights makes no others of them. A number that is free is given again at once, and a file that is made anew
 * has another moment.
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
