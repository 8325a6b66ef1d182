import { CompiledQuery, type Transaction } from 'kysely';
import type pg from 'pg';
import type { Database } from './pool.ts';
import type { Tables } from './tables.ts';

/** Runs statements in one transaction. An error rolls it back and is rethrown. */
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

/** Runs one statement unchanged. */
export type Run = <Row>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** Reads from one snapshot, beside the hot statements. */
export function atOneMoment<Out>({ query }: Database, read: (run: Run) => Promise<Out>): Promise<Out> {
  const transaction = query.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
  return transaction.execute((tx) => read(runIn(tx)));
}

function runIn(tx: Transaction<Tables>): Run {
  return async <Row>(text: string, values: readonly unknown[] = []) =>
    (await tx.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows;
}
