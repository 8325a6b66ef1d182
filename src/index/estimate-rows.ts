import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/pool.ts';
import { allOf } from './newest-page.ts';

/** How many dossiers meet all conditions, by PostgreSQL's statistics of words and times. Takes 0.3 ms. */
export async function estimateRows({ query }: Database, conditions: readonly RawBuilder<unknown>[]): Promise<number> {
  const { rows } = await sql<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>`
    EXPLAIN (FORMAT JSON) SELECT FROM dossiers WHERE ${allOf(conditions)}`.execute(query);
  return rows[0]?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
}
