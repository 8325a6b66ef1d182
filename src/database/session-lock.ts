import type pg from 'pg';
import type { Database } from './pool.ts';

/**
 * Works while this process has an advisory lock. The lock ends with the database session, so a killed process blocks
 * nobody. No transaction is open meanwhile.
 *
 * @param mode shared: with other holders of the lock that share it
 * @returns undefined if another process has the lock
 */
export async function withSessionLock<Out>(
  { pool }: Pick<Database, 'pool'>,
  key: number,
  work: (session: pg.PoolClient) => Promise<Out>,
  mode: 'alone' | 'shared' = 'alone',
): Promise<Out | undefined> {
  const suffix = mode === 'shared' ? '_shared' : '';
  const session = await pool.connect();
  let isFree = true;
  try {
    const { rows } = await session.query<{ got: boolean }>(`SELECT pg_try_advisory_lock${suffix}($1) AS got`, [key]);
    if (!rows[0]?.got) return undefined;
    isFree = false;
    const out = await work(session);
    await session.query(`SELECT pg_advisory_unlock${suffix}($1)`, [key]);
    isFree = true;
    return out;
  } finally {
    // A session that may still hold the lock is closed.
    session.release(!isFree);
  }
}
