import type pg from 'pg';
import type { Database } from './pool.ts';
import { withSessionLock } from './session-lock.ts';

/** The advisory lock that rebuilds hold alone and erasures share: a rebuild must not bring back what it read before. */
const LOCK = 7_160_007;
const WAIT = '60s';

/** Waits until no erasure is under way, and keeps new ones from starting until the session unlocks or ends. */
export async function lockErasures(session: pg.PoolClient): Promise<void> {
  await session.query(`SET lock_timeout = '${WAIT}'`);
  await session.query('SELECT pg_advisory_lock($1)', [LOCK]);
  await session.query('RESET lock_timeout');
}

export async function unlockErasures(session: pg.PoolClient): Promise<void> {
  await session.query('SELECT pg_advisory_unlock($1)', [LOCK]);
}

/**
 * Erases while no rebuild is under way.
 *
 * @returns undefined if a rebuild is
 */
export function besideNoRebuild<Out>(database: Database, work: () => Promise<Out>): Promise<Out | undefined> {
  return withSessionLock(database, LOCK, work, 'shared');
}
