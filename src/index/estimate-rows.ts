import { type RawBuilder, sql } from 'kysely';
import { allOf } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';

/**
 * How many dossiers meet all conditions of each list, by PostgreSQL's statistics of words and times. One statement: 0.3 ms, and
 * 0.1 ms for each further list.
 */
export async function estimateRows(
  { query }: Database,
  lists: readonly (readonly RawBuilder<unknown>[])[],
): Promise<readonly number[]> {
  const each = lists.map((conditions) => sql`SELECT FROM dossiers WHERE ${allOf(conditions)}`);
  const { rows } = await sql<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>`
    EXPLAIN (FORMAT JSON) ${sql.join(each, sql` UNION ALL `)}`.execute(query);
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
  const plans = each.length === 1 ? [plan] : plan?.Plans;
  return each.map((_, at) => plans?.[at]?.['Plan Rows'] ?? 0);
}

interface Plan {
  readonly 'Plan Rows': number;
  readonly Plans?: readonly Plan[];
}
