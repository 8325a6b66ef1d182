import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { instantToMs } from '#core/dates/dates';
import { periodOf, periodQuery, periodStart } from '#core/dossier/filter-words';
import type { Database } from '../database/pool.ts';
import { conditionsOf, type SoughtFilter, wordQueryOf } from './dossier-filter.ts';
import { estimateRows } from './estimate-rows.ts';
import { areDaysShorter, isPeriodOnly, newestOfDays } from './newest-of-days.ts';
import { allOf, isAfter, type NewestPage, type Place } from './newest-page.ts';

/** The newest rows that a walk looks at: some 2 ms. */
const WALK = 1_000;
/** More for a long page, which would end too early otherwise. */
const WALK_A_ROW = 10;
/** A walk goes on over this many rows at most. A window would find the same page at less cost than with more. */
const LONGEST_WALK = 2_500;
/** The window behind a walk without a match has this many times its rows. */
const LARGEST_WINDOW = 100;
/** Where a walk found some, what follows should hold this many times the rows that the page lacks. */
const SPARE = 3;
/** Below this many matches a window reads more than the whole index does. */
const FEW_MATCHES = 2_000;
/** A walk that found this many expects more of them. */
const SEVERAL = 5;
/** A larger window than a year excludes too little. */
const MOST_PERIODS = 40;

/**
 * The first rows that pass the filter, newest status first, then by code. The cost depends on the page, and not on how
 * many rows match:
 *
 * 1. A walk over the newest rows fills the page where many rows match. It goes on where it found so many that few
 *    more rows should do. At a million dossiers, a window had 18,800 rows for the end of an agency's list.
 * 2. Where few rows match at all, the search index finds them. A full name among a million dossiers took 16 ms, and 82 ms
 *    in a window.
 * 3. Otherwise the index intersects the words of the filter with those of a window of time behind the walk. The walk says
 *    how many match, and so how large the window must be. Older rows follow if that does not fill the page.
 *
 * A period of reception has an index by day. It serves a period alone, and a period in which many rows match: of those resolved
 * in half a year, a page reads 9,200 rows instead of 188,000.
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
  const first = await walkOver(database, filter, page, Math.max(WALK, page.limit * WALK_A_ROW));
  if (!first.walked || first.found.length === page.limit) return first.found;
  if (isPeriodOnly(filter)) return newestOfDays(database, filter, page);
  const { found, walked } = await walkOn(database, filter, page, first);
  if (!walked || found.length === page.limit) return found;
  const rest = { ...page, limit: page.limit - found.length };
  return [...found, ...(await behindTheWalk(database, filter, rest, { ...walked, found: found.length }))];
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
  const next = await walkOver(database, filter, { ...page, limit, after: walked.last }, more);
  return {
    found: [...found, ...next.found],
    length: length + more,
    walked: next.walked && { newest: walked.newest, last: next.walked.last },
  };
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
  const byWords = await estimateRows(database, [sql`search @@ ${words}::tsquery`]);
  const isRare = walked.found < SEVERAL && byWords <= FEW_MATCHES;
  if (!isRare && (await areDaysShorter(database, filter, page.limit, byWords)))
    return newestOfDays(database, filter, rest);
  const window = isComplete && !isRare ? windowBehind(walked, page.limit) : undefined;
  if (!window) return gather(database, filter, words, rest);
  const start = sql`${periodStart(window.first)}::timestamptz`;
  const inWindow = `${words} & ${periodQuery(window.first, window.last)}`;
  const found = await gather(database, filter, inWindow, rest, sql`status_at >= ${start}`);
  if (found.length === page.limit) return found;
  const left = { ...page, after: undefined, limit: page.limit - found.length };
  const older = sql`status_at < ${start} AND EXISTS (SELECT FROM dossiers WHERE status_at < ${start})`;
  return [...found, ...(await gather(database, filter, words, left, older))];
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

interface Walk<Row> {
  readonly found: readonly Row[];
  /** The rows that it looked at, at most. */
  readonly length: number;
  /** Undefined when no row follows. */
  readonly walked: Walked | undefined;
}

interface Ends {
  readonly code: string | null;
  readonly walked_newest: string | null;
  readonly walked_at: string | null;
  readonly walked_code: string | null;
}

/**
 * What a walk over the newest `length` rows after a place finds, and the ends of the walk. Both in one statement, for one round
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
    length,
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
