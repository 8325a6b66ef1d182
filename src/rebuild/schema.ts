import { migrate } from '../database/migrate.ts';
import type { Database } from '../database/pool.ts';

/** Where an index is built anew, beside the live one in the same database. */
export const SCHEMA = 'hub_rebuild';
/** One number for the advisory lock: one rebuild at a time. */
const LOCK = 7_160_004;

/**
 * Work on an empty index beside the live one; it is dropped in the end. What a rebuild that was killed left behind is
 * dropped first.
 *
 * @throws where another rebuild is under way
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
    await drop(live);
    await live.pool.query(`CREATE SCHEMA ${SCHEMA}`);
    const beside = live.beside(SCHEMA);
    try {
      await migrate(beside, nowMs, SCHEMA);
      for (const index of ONLY_FOR_READERS) await beside.pool.query(`DROP INDEX IF EXISTS ${index}`);
      return await work(beside);
    } finally {
      await beside.close();
      await drop(live);
    }
  } finally {
    // Where it fails, the connection's end frees the lock.
    const freed = await lock.query('SELECT pg_advisory_unlock($1)', [LOCK]).then(
      () => true,
      () => false,
    );
    lock.release(!freed);
  }
}

/** Nobody searches in the index beside: without these it is written in half the time. */
const ONLY_FOR_READERS = [
  'dossiers_newest',
  'dossiers_agency',
  'dossiers_service',
  'dossiers_unfinished_due',
  'dossiers_search',
  'messages_receipt',
];

async function drop(live: Database): Promise<void> {
  await live.pool.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
}
