import type pg from 'pg';
import type { Database } from './pool.ts';

/** Run statements in one transaction. What they throw rolls it back and is thrown on. */
export async function inTransaction<Out>(database: Database, work: (tx: pg.PoolClient) => Promise<Out>): Promise<Out> {
  const tx = await database.pool.connect();
  try {
    await tx.query('BEGIN');
    const out = await work(tx);
    await tx.query('COMMIT');
    return out;
  } catch (error) {
    await tx.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    tx.release();
  }
}
