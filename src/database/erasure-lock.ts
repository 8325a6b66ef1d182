import type pg from 'pg';
import type { Database } from './pool.ts';
import { withSessionLock } from './session-lock.ts';

/** The advisory lock that rebuilds hold alone and erasures share: a rebuild must not bring back what it read before. */
const LOCK = 7_160_007;
const WAIT = '60s';
/**
 * The advisory lock that a new legal hold takes alone and each batch of an erasure shares: what a batch read of the holds
 * stays true until it commits, and a hold that is set meanwhile learns what is erased.
 */
const HOLDS_LOCK = 7_160_012;

/** Waits until no erasure is under way, and keeps new ones from starting until the session unlocks or ends. */
export async function lockErasures(session: pg.PoolClient): Promise<void> {
  // A rebuild leaves the session idle for up to hours.
  await session.query(`SET idle_session_timeout = 0; SET lock_timeout = '${WAIT}'`);
  await session.query('SELECT pg_advisory_lock($1)', [LOCK]);
  await session.query('RESET lock_timeout');
}

export async function unlockErasures(session: pg.PoolClient): Promise<void> {
  await session.query('SELECT pg_advisory_unlock($1)', [LOCK]);
  await session.query('RESET idle_session_timeout');
}

/** Runs one batch, from reading the legal holds to its commit, while no hold is set. */
export type Batch = <Out>(work: () => Promise<Out>) => Promise<Out>;

/**
 * Erases while no rebuild is under way.
 *
 * @returns undefined if a rebuild is
 */
export function besideNoRebuild<Out>(
  database: Database,
  work: (batch: Batch) => Promise<Out>,
): Promise<Out | undefined> {
  const batchIn =
    (session: pg.PoolClient): Batch =>
    async (erase) => {
      await session.query('SELECT pg_advisory_lock_shared($1)', [HOLDS_LOCK]);
      // After an error the session is closed, and the lock ends with it.
      const out = await erase();
      await session.query('SELECT pg_advisory_unlock_shared($1)', [HOLDS_LOCK]);
      return out;
    };
  return withSessionLock(database, LOCK, (session) => work(batchIn(session)), 'shared');
}

/**
 * Works while no legal hold is set, beside a rebuild too.
 *
 * @returns undefined if one is being set
 */
export function besideNoNewHold<Out>(database: Database, work: () => Promise<Out>): Promise<Out | undefined> {
  return withSessionLock(database, HOLDS_LOCK, work, 'shared');
}

/** Waits until the batches under way are done, and keeps new ones from starting until the transaction ends. */
export async function lockHolds(tx: pg.PoolClient): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [HOLDS_LOCK]);
}
