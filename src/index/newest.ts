import { sql } from 'kysely';
import type { Database } from '../database/pool.ts';
import { conditionsOf, IS_OPEN, isOpenOnly, type SoughtFilter, wordQueryOf } from './dossier-filter.ts';
import { newestByWords } from './newest-by-words.ts';
import { areDaysShorter, isPeriodOnly, newestOfDays } from './newest-of-days.ts';
import { allOf, isAfter, type NewestPage, ORDER, type Place, walk } from './newest-page.ts';
import { PERIODS_A_PART } from './search-periods.ts';

/** The newest rows that a walk looks at: some 2 ms. */
const WALK = 1_000;
/** More for a long page, which would end too early otherwise. */
const WALK_A_ROW = 10;
/** A walk goes on over this many rows at most. The words would find the same page at less cost than with more. */
const LONGEST_WALK = 2_500;
/** Where a walk found some, what follows should hold this many times the rows that the page lacks. */
const SPARE = 3;

/**
 * The first rows that pass the filter, newest status first, then by code. The cost depends on the page, and not on how
 * many rows match or how many there are:
 *
 * 1. A walk over the newest rows fills the page where many rows match. It goes on where it found so many that few
 *    more rows should do.
 * 2. Otherwise the search index finds them, part by part of the time (newest-by-words.ts).
 *
 * A period of reception has an index by day. It serves a period alone, and a period in which many rows match. Lists of open
 * statuses alone, and of overdue dossiers, have indexes of their own.
 */
export async function newestRows<Row>(
  database: Database,
  filter: SoughtFilter,
  page: NewestPage<Row>,
): Promise<readonly Row[]> {
  // A text without words finds nothing.
  if (filter.search === '') return [];
  if (conditionsOf(filter).length === 0) return walk(database, filter, page);
  // The newest dossiers are seldom overdue.
  if (filter.overdueAt !== undefined) return newestOverdue(database, filter, page);
  if (isOpenOnly(filter)) return newestOpen(database, filter, page);
  const first = await walkOver(database, filter, page, Math.max(WALK, page.limit * WALK_A_ROW));
  if (!first.walked || first.found.length === page.limit) return first.found;
  if (isPeriodOnly(filter)) return newestOfDays(database, filter, page);
  const { found, walked } = await walkOn(database, filter, page, first);
  if (!walked || found.length === page.limit) return found;
  const rest = { ...page, after: walked, limit: page.limit - found.length };
  const { words, isComplete } = await wordQueryOf(database, filter);
  if (words === undefined) return [...found, ...(await walk(database, filter, rest))];
  if (await areDaysShorter(database, filter, page.limit, words))
    return [...found, ...(await newestOfDays(database, filter, rest))];
  const periods = found.length === 0 ? PERIODS_A_PART : 1;
  return [...found, ...(await newestByWords(database, filter, { words, isComplete, periods }, rest))];
}

/** The same walk, or a longer one that probably fills the page. */
async function walkOn<Row>(
  database: Database,
  filter: SoughtFilter,
  page: NewestPage<Row>,
  first: Walk<Row>,
): Promise<Walk<Row>> {
  const { found, walked, length } = first;
  const limit = page.limit - found.length;
  const more = Math.ceil((SPARE * limit * length) / found.length);
  if (!walked || more > LONGEST_WALK) return first;
  const next = await walkOver(database, filter, { ...page, limit, after: walked }, more);
  return {
    found: [...found, ...next.found],
    length: length + more,
    walked: next.walked,
  };
}

interface Walk<Row> {
  readonly found: readonly Row[];
  /** The rows that it looked at, at most. */
  readonly length: number;
  /** Where it ended. Undefined when no row follows. */
  readonly walked: Place | undefined;
}

interface Ends {
  readonly code: string | null;
  readonly walked_at: string | null;
  readonly walked_code: string | null;
}

/**
 * What a walk over the newest `length` rows after a place finds, and where it ends. Both in one statement, for one round
 * trip.
 */
async function walkOver<Row>(
  { query }: Database,
  filter: SoughtFilter,
  { limit, after, columns }: NewestPage<Row>,
  length: number,
): Promise<Walk<Row>> {
  const inOrder = sql`FROM dossiers WHERE ${isAfter(after)} ${ORDER}`;
  const { rows } = await sql<Row & Ends>`
    SELECT last.status_at AS walked_at, last.code AS walked_code, page.*
    FROM (SELECT) AS walked
      LEFT JOIN (SELECT status_at, code ${inOrder} OFFSET ${length - 1}::int8 LIMIT 1) AS last ON true
      LEFT JOIN (
        SELECT ${columns} FROM (SELECT * ${inOrder} LIMIT ${length}::int8) AS dossiers
        WHERE ${allOf(conditionsOf(filter))} ${ORDER} LIMIT ${limit}::int8) AS page ON true
    ORDER BY page.status_at DESC, page.code`.execute(query);
  const { walked_at: statusAt, walked_code: code } = rows[0] as Ends;
  return {
    length,
    found: rows.filter((row) => row.code !== null),
    walked: statusAt !== null && code !== null ? { statusAt, code } : undefined,
  };
}

/** The newest rows of each status, from an index that has only the open dossiers. */
async function newestOpen<Row>(
  { query }: Database,
  { status = [] }: SoughtFilter,
  { limit, after, columns }: NewestPage<Row>,
): Promise<readonly Row[]> {
  const ofEach = [...new Set(status)].map(
    (
      one,
    ) => sql`(SELECT status_at, code FROM dossiers WHERE status = ${sql.lit(one)} AND ${IS_OPEN} AND ${isAfter(after)}
      ${ORDER} LIMIT ${limit}::int8)`,
  );
  const { rows } = await sql<Row>`
    SELECT ${columns} FROM dossiers WHERE code = ANY(ARRAY(
      SELECT code FROM (${sql.join(ofEach, sql` UNION ALL `)}) AS newest ${ORDER} LIMIT ${limit}::int8))
    ${ORDER}`.execute(query);
  return rows;
}

/**
 * The first overdue rows that pass the filter. The index dossiers_open_due has what the order needs, so only rows that may be
 * on the page are read. Where the filter has a word that few dossiers have, their words find them.
 */
async function newestOverdue<Row>(
  database: Database,
  filter: SoughtFilter,
  page: NewestPage<Row>,
): Promise<readonly Row[]> {
  const { search, agency, service, field } = filter;
  const isRare = [search, agency, service, field].some((one) => one !== undefined);
  const { words, isComplete } = await wordQueryOf(database, filter);
  if (isRare && words !== undefined)
    return newestByWords(database, filter, { words, isComplete, periods: PERIODS_A_PART }, page);
  const overdue = conditionsOf({ overdueAt: filter.overdueAt });
  const { rows } = await sql<Row>`
    WITH overdue AS MATERIALIZED (SELECT status_at, code FROM dossiers WHERE ${allOf(overdue)})
    SELECT ${page.columns} FROM dossiers WHERE code = ANY(ARRAY(
      SELECT o.code FROM (SELECT * FROM overdue WHERE ${isAfter(page.after)} ${ORDER}) AS o
        CROSS JOIN LATERAL (SELECT FROM dossiers WHERE code = o.code AND ${allOf(conditionsOf(filter))} OFFSET 0) AS passing
      ORDER BY o.status_at DESC, o.code LIMIT ${page.limit}::int8))
    ${ORDER}`.execute(database.query);
  return rows;
}
