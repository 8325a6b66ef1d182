import { sql } from 'kysely';
import { allOf } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import { conditionsOf, IS_OPEN, isOverdueOnly, type SoughtFilter, wordQueryOf } from './dossier-filter.ts';
import { newestByWords } from './newest-by-words.ts';
import { isEmptyPeriod, withBothEnds } from './newest-of-days.ts';
import { isAfter, type NewestPage, ORDER } from './newest-page.ts';
import { DAY, DAYS_A_PART, dayOfPlace } from './search-days.ts';

/** The overdue rows that a walk looks at before the words take over: some 2 ms. */
const WALK = 1_000;

/**
 * The first overdue rows that pass the filter. The index dossiers_open_days has the open dossiers of each day by their due
 * dates. So a walk goes from day to day, reads the overdue ones of each, and passes over those that are not. Where few of
 * them pass, the words of the filter find the others.
 *
 * @param most the overdue rows that the walk reads
 */
export async function newestOverdue<Row>(
  database: Database,
  given: SoughtFilter,
  page: NewestPage<Row>,
  most = WALK,
): Promise<readonly Row[]> {
  const filter = await withBothEnds(database, given);
  if (isEmptyPeriod(filter)) return [];
  const asked = await wordQueryOf(database, filter);
  const isWalkOnly = !asked || isOverdueOnly(filter);
  const { found, before } = await walkDays(database, filter, page, isWalkOnly ? undefined : most);
  if (!asked || before === undefined || found.length === page.limit) return found;
  const rest = { ...page, limit: page.limit - found.length };
  const sought = { words: asked.words, before, days: DAYS_A_PART };
  return [...found, ...(await newestByWords(database, filter, sought, rest))];
}

interface Walk<Row> {
  readonly found: readonly Row[];
  /** The day before which further rows may be. Undefined at the end. */
  readonly before: number | undefined;
}

interface End {
  readonly code: string | null;
  readonly before: number;
  readonly is_cut: boolean;
}

/** One step of the recursion reads the overdue rows of one day. Each knows the codes that are found so far. */
async function walkDays<Row>(
  { query }: Database,
  { overdueAt, ...filter }: SoughtFilter,
  { limit, after, columns }: NewestPage<Row>,
  most = Number.MAX_SAFE_INTEGER,
): Promise<Walk<Row>> {
  const passes = allOf([isAfter(after), ...conditionsOf(filter)]);
  const { rows } = await sql<Row & End>`
    WITH RECURSIVE looked AS (
      SELECT 0 AS step, ${dayOfPlace(after)}::int4 + 1 AS before, '{}'::text[] COLLATE "C" AS codes, 0::int8 AS rows
      UNION ALL
      SELECT step + 1, next.day, looked.codes || found.codes, looked.rows + found.rows
      FROM looked
        CROSS JOIN LATERAL (SELECT ${DAY} AS day FROM dossiers WHERE ${IS_OPEN} AND ${DAY} < looked.before ORDER BY ${DAY} DESC LIMIT 1) AS next
        CROSS JOIN LATERAL (
          SELECT count(*) AS rows, (array_agg(code ORDER BY status_at DESC, code) FILTER (WHERE passes))[:${limit}::int4 - cardinality(looked.codes)] AS codes
          FROM (SELECT code, status_at, ${passes} AS passes FROM dossiers
                WHERE ${DAY} = next.day AND ${allOf(conditionsOf({ overdueAt }))}) AS met) AS found
      WHERE cardinality(looked.codes) < ${limit}::int4 AND looked.rows < ${most}::int8)
    SELECT looked.before, looked.rows >= ${most}::int8 AS is_cut, page.*
    FROM (SELECT * FROM looked ORDER BY step DESC LIMIT 1) AS looked
      LEFT JOIN LATERAL (SELECT ${columns} FROM dossiers WHERE code = ANY(looked.codes)) AS page ON true
    ${ORDER}`.execute(query);
  const end = rows[0] as End;
  return { found: rows.filter(({ code }) => code !== null), before: end.is_cut ? end.before : undefined };
}
