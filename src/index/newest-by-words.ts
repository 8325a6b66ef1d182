import { sql } from 'kysely';
import type { Database } from '../database/pool.ts';
import { conditionsOf, type SoughtFilter, type WordQuery } from './dossier-filter.ts';
import { allOf, isAfter, type NewestPage, ORDER, walk } from './newest-page.ts';
import { hasWordsIn, PERIOD, PERIODS_A_PART, partOf, startOf, withPeriods } from './search-periods.ts';

/** Where a period has more matches than this, a walk through its rows mostly finds a page sooner. */
const MOST_MATCHES = 2_000;
/**
 * Where few of the matches pass, this many times as many are gathered. The words of months are coarser than a filter by days: in a
 * period long after the reception most matches may be of the wrong days, and a walk would read the whole period for nothing.
 */
const GATHERED = 10;

/** A query of words, and how many periods to look into first. */
export interface Sought extends WordQuery {
  readonly words: string;
  readonly periods: number;
}

/**
 * The first rows that pass the filter, newest first. Looks into the search index for one part of the time after the other,
 * from the newest on, until the page is full. Few matches lead to longer parts. More than MOST_MATCHES lead to a walk
 * through their period, or to a larger gathering if few of them pass.
 *
 * @param most the matches that are gathered and sorted
 */
export async function newestByWords<Row>(
  database: Database,
  filter: SoughtFilter,
  sought: Sought,
  page: NewestPage<Row>,
  most = MOST_MATCHES,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  let from: Place = { before: undefined, periods: sought.periods, most };
  for (;;) {
    const rest = { ...page, limit: page.limit - found.length };
    const { rows, dense } = await lookInto(database, filter, { ...sought, ...from }, rest);
    found.push(...rows);
    if (!dense || found.length === page.limit) return found;
    const left = { ...page, limit: page.limit - found.length };
    if (dense.passing < left.limit && from.most === most) {
      from = { before: dense.last + 1, periods: 1, most: most * GATHERED };
      continue;
    }
    const within = sql`status_at >= ${startOf(sql`${dense.first}::int4`)} AND status_at < ${startOf(sql`${dense.last}::int4 + 1`)}`;
    found.push(...(await walk(database, filter, left, within)));
    if (found.length === page.limit) return found;
    from = { before: dense.first, periods: 1, most };
  }
}

/** Where to look: periods before this one, and how many of them at a time. */
interface Place {
  readonly before: number | undefined;
  readonly periods: number;
  /** The matches that are gathered in one step. */
  readonly most: number;
}

interface Looked<Row> {
  readonly rows: readonly Row[];
  /** Undefined when the page is full or no older row follows. */
  readonly dense: Dense | undefined;
}

/** Periods that have too many matches to gather. */
interface Dense {
  readonly first: number;
  readonly last: number;
  /** How many of the matches that were gathered pass the filter. */
  readonly passing: number;
}

interface End extends Dense {
  readonly code: string | null;
  readonly is_dense: boolean;
}

/**
 * One step of the recursion looks into up to eight periods, as far as they belong to one part. Each step knows the codes that are
 * found so far, so it ends with a full page.
 */
async function lookInto<Row>(
  { query }: Database,
  filter: SoughtFilter,
  { words, isComplete, before, periods, most: mostMatches }: Sought & Place,
  { limit, after, columns }: NewestPage<Row>,
): Promise<Looked<Row>> {
  const most = sql.lit(mostMatches);
  const begin =
    before ??
    (after
      ? sql`(SELECT ${PERIOD} + 1 FROM (SELECT ${after.statusAt}::timestamptz AS status_at) AS after)`
      : 1_000_000);
  const part = partOf(sql`newest.last`);
  const start = sql`${part} * ${sql.lit(PERIODS_A_PART)}`;
  // Rows of older versions may have no words of periods.
  const first = isComplete ? sql`greatest(newest.last - looked.periods + 1, ${start})` : start;
  const isWhole = isComplete
    ? sql`next.first = ${start} AND looked.before >= ${start} + ${sql.lit(PERIODS_A_PART)}`
    : sql`true`;
  const all = sql`${words}::text`;
  const asked = sql`CASE WHEN ${isWhole} THEN ${all} ELSE ${withPeriods(all, sql`next.first`, sql`newest.last`)} END`;
  const { search: _, ...byColumns } = filter;
  const passes = allOf([...conditionsOf(byColumns), isAfter(after)]);
  const { rows } = await sql<Row & End>`
    WITH RECURSIVE looked AS (
      SELECT 0 AS step, ${begin}::int4 AS before, ${periods}::int4 AS periods, '{}'::text[] COLLATE "C" AS codes, false AS is_dense, 0 AS first, 0 AS last, 0 AS passing
      UNION ALL
      SELECT step + 1, CASE WHEN many > ${most} THEN looked.before ELSE next.first END,
        CASE WHEN many > ${most} THEN 1 ELSE least(looked.periods * 2, ${sql.lit(PERIODS_A_PART)}) END,
        CASE WHEN many > ${most} THEN looked.codes ELSE looked.codes || found.codes END,
        many > ${most} AND (looked.periods = 1 OR ${!isComplete}), next.first, newest.last, found.passing
      FROM looked
        CROSS JOIN LATERAL (
          SELECT ${PERIOD} AS last FROM dossiers WHERE status_at < ${startOf(sql`looked.before`)} ORDER BY status_at DESC LIMIT 1) AS newest
        CROSS JOIN LATERAL (SELECT ${first} AS first) AS next
        CROSS JOIN LATERAL (
          SELECT count(*) AS many, count(*) FILTER (WHERE passes)::int4 AS passing, (array_agg(code ORDER BY status_at DESC, code) FILTER (WHERE passes))[:${limit}::int4 - cardinality(looked.codes)] AS codes
          FROM (SELECT code, status_at, ${passes} AS passes FROM dossiers WHERE ${hasWordsIn(part, asked)} LIMIT ${most} + 1) AS met) AS found
      WHERE NOT is_dense AND cardinality(looked.codes) < ${limit}::int4)
    SELECT looked.is_dense, looked.first, looked.last, looked.passing, page.*
    FROM (SELECT * FROM looked ORDER BY step DESC LIMIT 1) AS looked
      LEFT JOIN LATERAL (SELECT ${columns} FROM dossiers WHERE code = ANY(looked.codes)) AS page ON true
    ${ORDER}`.execute(query);
  const end = rows[0] as End;
  return { rows: rows.filter(({ code }) => code !== null), dense: end.is_dense ? end : undefined };
}
