import { type Expression, sql } from 'kysely';
import { isCanceled } from './failures.ts';
import type { Database } from './pool.ts';

/** More rows are not counted. */
export const MOST_COUNTED = 10_000;
/** A list never waits longer for its total. */
const WITHIN_MS = 100;

/** How many rows there are: null for more than 10,000. Undefined when counting them takes too long. */
export type Total = number | null | undefined;

/** @param query without order and limit */
export async function countUpTo({ query: db }: Pick<Database, 'query'>, query: Expression<unknown>): Promise<Total> {
  try {
    return await db.transaction().execute(async (tx) => {
      await sql`SET LOCAL statement_timeout = ${sql.lit(WITHIN_MS)}`.execute(tx);
      const { rows } = await sql<{ many: number }>`
        SELECT count(*)::int4 AS many FROM (${query} LIMIT ${sql.lit(MOST_COUNTED + 1)}) found`.execute(tx);
      const many = rows[0]?.many ?? 0;
      return many > MOST_COUNTED ? null : many;
    });
  } catch (error) {
    if (isCanceled(error)) return undefined;
    throw error;
  }
}
