import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { instantToMs } from '#core/dates/dates';
import { periodOf, periodQuery, periodStart } from '#core/dossier/filter-words';
import type { Database } from '../database/pool.ts';
import { conditionsOf, type SoughtFilter, wordQueryOf } from './dossier-filter.ts';
import { isPeriodOnly, newestOfDays } from './newest-of-days.ts';
import { allOf, isAfter, type NewestPage, type Place } from './newest-page.ts';

/** The newest rows that a walk looks at: some 2 ms. */
const WALK = 1_000;
/** More for a long page, which would end too early otherwise. */
const WALK_A_ROW = 10;
/** The window behind a walk without a match has this many times its rows. */
const LARGEST_WINDOW = 100;
/** Where the walk found some, the window should hold this many times the rows that the page lacks. */
const SPARE = 3;
/** A larger window than a year excludes too little. */
const MOST_PERIODS = 40;

/**
 * The first rows that pass the filter, newest status first, then by code. The cost depends on the page, and not on how
 * many rows match:
 *
 * 1. A walk over the newest rows fills the page where many rows match.
 * 2. Otherwise the search index intersects the words of the filter with those of a window of time behind the walk. The
 *    walk says how many match, and so how large the window must be.
 * 3. If that does not fill it either, few rows match at all, and the index finds them.
 *
 * A period alone has an index by the day of reception.
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
  if (filter.overdueAt !== undefined) {
    const { words } = await wordQueryOf(database, filter);
    return gather(database, filter, words, page);
  }
  const length = Math.max(WALK, page.limit * WALK_A_ROW);
  const { found, walked } = await walkOver(database, filter, page, length);
  if (found.length === page.limit) return found;
  if (isPeriodOnly(filter)) return newestOfDays(database, filter, page);
  if (!walked) return found;
  const rest = { ...page, limit: page.limit - found.length };
  return [...found, ...(await behindTheWalk(database, filter, rest, { ...walked, found: found.length }))];
}

async function behindTheWalk<Row>(
  database: Database,
  filter: SoughtFilter,
  page: NewestPage<Row>,
  walked: Walked & { readonly found: number },
): Promise<readonly Row[]> {
  const { words, isComplete } = await wordQueryOf(database, filter);
  const rest = { ...page, after: walked.last };
  if (words === undefined) return walk(database, filter, rest);
  const window = isComplete ? windowBehind(walked, page.limit) : undefined;
  if (!window) return gather(database, filter, words, rest);
  const start = sql`${periodStart(window.first)}::timestamptz`;
  const inWindow = `${words} & ${periodQuery(window.first, window.last)}`;
  const found = await gather(database, filter, inWindow, rest, sql`status_at >= ${start}`);
  if (found.length === page.limit) return found;
  const left = { ...page, after: undefined, limit: page.limit - found.length };
  return [...found, ...(await gather(database, filter, words, left, sql`status_at < ${start}`))];
}

/** The rows after a place, in their order, without those that the filter leaves out. */
async function walk<Row>(
  { query }: Database,
  filter: SoughtFilter,
  { limit, after, columns }: NewestPage<Row>,
): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`
    SELECT ${columns} FROM dossiers WHERE ${isAfter(after)} AND ${allOf(conditionsOf(filter))}
    ${ORDER} LIMIT ${limit}::int8`.execute(query);
  return rows;
}

const ORDER = sql`ORDER BY status_at DESC, code`;

interface Walked {
  readonly newest: string;
  readonly last: Place;
}

interface Ends {
  readonly code: string | null;
  readonly walked_newest: string | null;
  readonly walked_at: string | null;
  readonly walked_code: string | null;
}

/**
 * What a walk over the newest `length` rows after a place finds, and the ends of the walk. Both in one statement, for one round
 * trip. `walked` is undefined when no row follows.
 */
async function walkOver<Row>(
  { query }: Database,
  filter: SoughtFilter,
  { limit, after, columns }: NewestPage<Row>,
  length: number,
): Promise<{ readonly found: readonly Row[]; readonly walked: Walked | undefined }> {
  const inOrder = sql`FROM dossiers WHERE ${isAfter(after)} ${ORDER}`;
  const { rows } = await sql<Row & Ends>`
    SELECT first.status_at AS walked_newest, last.status_at AS walked_at, last.code AS walked_code, page.*
    FROM (SELECT) AS walked
      LEFT JOIN (SELECT status_at ${inOrder} LIMIT 1) AS first ON true
      LEFT JOIN (SELECT status_at, code ${inOrder} OFFSET ${length - 1}::int8 LIMIT 1) AS last ON true
      LEFT JOIN (
        SELECT ${columns} FROM (SELECT * ${inOrder} LIMIT ${length}::int8) AS dossiers
        WHERE ${allOf(conditionsOf(filter))} ${ORDER} LIMIT ${limit}::int8) AS page ON true
    ORDER BY page.status_at DESC, page.code`.execute(query);
  const { walked_newest: newest, walked_at: statusAt, walked_code: code } = rows[0] as Ends;
  return {
    found: rows.filter((row) => row.code !== null),
    walked: newest !== null && statusAt !== null && code !== null ? { newest, last: { statusAt, code } } : undefined,
  };
}

/** The periods behind a walk that should hold this many more matches. */
function windowBehind(
  { newest, last, found }: Walked & { readonly found: number },
  wanted: number,
): { readonly first: number; readonly last: number } | undefined {
  const times = found === 0 ? LARGEST_WINDOW : Math.min(Math.max((SPARE * wanted) / found, 1), LARGEST_WINDOW);
  const [fromMs, toMs] = [newest, last.statusAt].map(instantToMs) as [number, number];
  const window = { first: periodOf(toMs - (fromMs - toMs) * times), last: periodOf(toMs) };
  return window.last - window.first < MOST_PERIODS ? window : undefined;
}

/**
 * The first rows, in the order of lists, of the matches that the words find, or without words an index of the
 * conditions. It sorts only the codes, because a row is wide.
 */
async function gather<Row>(
  { query }: Database,
  filter: SoughtFilter,
  words: string | undefined,
  { limit, after, columns }: NewestPage<Row>,
  bound?: RawBuilder<unknown>,
): Promise<readonly Row[]> {
  const { search: _, ...byColumns } = filter;
  const conditions = [
    ...(words === undefined ? [] : [sql<SqlBool>`search @@ ${words}::tsquery`]),
    ...conditionsOf(byColumns),
  ];
  const { rows } = await sql<Row>`
    WITH found AS MATERIALIZED (SELECT status_at, code FROM dossiers WHERE ${allOf(conditions)})
    SELECT ${columns} FROM dossiers WHERE code = ANY(ARRAY(
      SELECT code FROM found WHERE ${isAfter(after)} AND ${bound ?? sql`true`}
      ORDER BY status_at DESC, code LIMIT ${limit}::int8))
    ORDER BY status_at DESC, code`.execute(query);
  return rows;
}
