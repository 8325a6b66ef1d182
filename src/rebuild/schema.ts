import { lockErasures, unlockErasures } from '../database/erasure-lock.ts';
import { migrate } from '../database/migrate.ts';
import type { Database } from '../database/pool.ts';

/** The schema of the second index, in the same database as the live one. */
export const SCHEMA = 'hub_rebuild';
/** The advisory lock for one rebuild at a time. */
const LOCK = 7_160_004;

/**
 * Works on an empty second index, and drops it at the end. First drops the remains of a killed rebuild.
 * @throws when another rebuild is under way
 */
export async function withFreshSchema<T>(
  live: Database,
  nowMs: number,
  work: (beside: Database) => Promise<T>,
): Promise<T> {
  const lock = await live.pool.connect();
  try {
    const { rows } = await lock.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [LOCK]);
    if (!rows[0]?.got) throw new Error('another rebuild is under way in this database');
    await lockErasures(lock);
    await drop(live);
    await live.pool.query(`CREATE SCHEMA ${SCHEMA}`);
    const beside = live.beside(SCHEMA);
    try {
      await migrate(beside, nowMs, SCHEMA);
      for (const index of ONLY_FOR_READERS) await beside.pool.query(`DROP INDEX IF EXISTS ${index}`);
      await keepOutOfWal(beside);
      return await work(beside);
    } finally {
      await beside.close();
      await drop(live);
    }
  } finally {
    // If it fails, the connection's end frees the lock.
    const freed = await unlockErasures(lock)
      .then(() => lock.query('SELECT pg_advisory_unlock($1)', [LOCK]))
      .then(
        () => true,
        () => false,
      );
    lock.release(!freed);
  }
}

/** Nobody searches the second index. Without these it is written in half the time. */
const ONLY_FOR_READERS = [
  'dossiers_newest',
  'dossiers_open_due',
  'dossiers_parent',
  'dossiers_received_day',
  'dossiers_search',
  'dossiers_retained',
  'events_anomalies',
  'messages_invalid',
  'messages_receipt',
  'messages_refused_stranger',
  'records_newest',
  'records_agency',
  'records_due',
  'records_began',
  'records_search',
  'records_retained',
];

/** The second index ends with its rebuild, so its rows need not reach the WAL, and with it the standbys and the archive. */
async function keepOutOfWal({ pool }: Database): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = '${SCHEMA}' AND c.relkind = 'r' AND c.relname ~ '^(${WRITTEN.join('|')})(_[0-9]{4}_[0-9]{2}|_other)?$'`,
  );
  for (const { name } of rows) await pool.query(`ALTER TABLE ${name} SET UNLOGGED`);
}

/** The tables with most rows, and their months. */
const WRITTEN = ['dossiers', 'aliases', 'events', 'messages', 'changes', 'records', 'record_events', 'record_changes'];

async function drop(live: Database): Promise<void> {
  await live.pool.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
}
