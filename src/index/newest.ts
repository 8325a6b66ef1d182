import { sql } from 'kysely';
import { DAY_MS, instantToMs } from '#core/dates/dates';
import { hasPeriod } from '#core/dossier/filter-words';
import { allOf } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import { conditionsOf, IS_OPEN, isOpenOnly, type SoughtFilter, wordQueryOf } from './dossier-filter.ts';
import { newestByWords, type Sought } from './newest-by-words.ts';
import {
  estimatePeriod,
  isEmptyPeriod,
  isPeriodOnly,
  newestDayOf,
  newestOfDays,
  withBothEnds,
} from './newest-of-days.ts';
import { newestOverdue } from './newest-overdue.ts';
import { isAfter, type NewestPage, ORDER, type Place, walk } from './newest-page.ts';
import { DAYS_A_PART, MOST_DAYS } from './search-days.ts';

/** The newest rows that a walk looks at: enough to see whether many rows match, and 0.5 ms where none does. */
const WALK = 200;
/** More for a long page, which would end too early otherwise. */
const WALK_A_ROW = 3;
/** A walk goes on over this many rows at most. The words would find the same page at less cost than with more. */
const LONGEST_WALK = 2_500;
/** Where a walk found some, what follows should hold this many times the rows that the page lacks. */
const SPARE = 3;
/** The same for the days that the words look into first: they look on where this was too little. */
const SPARE_OF_DAYS = 1.5;

/**
 * The first rows that pass the filter, newest status first, then by code. The cost depends on the page, and not on how
 * many rows match or how many there are:
 *
 * 1. Overdue dossiers, and open statuses alone, have indexes of their own.
 * 2. Otherwise a walk over the newest rows fills the page where many rows match. It goes on where it found so many that few
 *    more rows should do.
 * 3. What the page still lacks comes from an index of words, part by part of the time (newest-by-words.ts), or from the
 *    index of days of reception, which serves a period alone and a period in which many rows match.
 */
export async function newestRows<Row>(
  database: Database,
  filter: SoughtFilter,
  page: NewestPage<Row>,
): Promise<readonly Row[]> {
  // A text without words finds nothing.
  if (filter.search?.length === 0) return [];
  if (conditionsOf(filter).length === 0) return walk(database, filter, page);
  // The newest dossiers are seldom overdue.
  if (filter.overdueAt !== undefined) return newestOverdue(database, filter, page);
  if (isOpenOnly(filter)) return newestOpen(database, filter, page);
  const first = await walkOver(database, filter, page, Math.max(WALK, page.limit * WALK_A_ROW));
  if (isComplete(first, page)) return first.found;
  if (isPeriodOnly(filter)) return newestOfDays(database, filter, page);
  const walked = await walkOn(database, filter, page, first);
  if (isComplete(walked, page)) return walked.found;
  return [...walked.found, ...(await newestBeyond(database, filter, page, walked))];
}

/** The same walk, or a longer one that probably fills the page. */
async function walkOn<Row>(
  database: Database,
  filter: SoughtFilter,
  page: NewestPage<Row>,
  first: Walk<Row>,
): Promise<Walk<Row>> {
  const rest = restOf(page, first);
  const more = Math.ceil((SPARE * rest.limit * first.length) / first.found.length);
  if (more > LONGEST_WALK) return first;
  const next = await walkOver(database, filter, rest, more);
  return { ...next, found: [...first.found, ...next.found], length: first.length + more, began: first.began };
}

/** What a page lacks after a walk, from the index that finds it with the fewest rows. */
async function newestBeyond<Row>(
  database: Database,
  given: SoughtFilter,
  page: NewestPage<Row>,
  walked: Walk<Row>,
): Promise<readonly Row[]> {
  const filter = await withBothEnds(database, given);
  if (isEmptyPeriod(filter)) return [];
  const rest = restOf(page, walked);
  const asked = await wordQueryOf(database, filter);
  if (!asked) return walk(database, filter, rest);
  const estimates = await estimatePeriod(database, filter, page.limit, asked.inRows);
  if (estimates?.areDaysShorter) return newestOfDays(database, filter, rest);
  const where =
    estimates && hasPeriod(filter)
      ? await inPeriod(database, filter, estimates.matches, rest.after)
      : { days: daysFor(rest.limit, walked) };
  return where === undefined ? [] : newestByWords(database, filter, { words: asked.words, ...where }, rest);
}

/** The days to look into first where a walk found nothing: some dozens of matches at most. */
const RARE = 8;

/** The days that should hold what the page lacks, by what the walk found. */
function daysFor<Row>(lacking: number, { found, began, ended }: Walk<Row>): number {
  if (began === undefined || !ended || found.length === 0) return RARE;
  const walkedDays = (instantToMs(began) - instantToMs(ended.statusAt)) / DAY_MS;
  return Math.min(Math.ceil((SPARE_OF_DAYS * lacking * walkedDays) / found.length) + 1, DAYS_A_PART);
}

type Where = Omit<Sought, 'words'>;

/** A period of reception with more matches has days with many of them, and others with none. */
const MANY = 2_000;
/** The first days may hold this many on the average: the newest days of a period have few. */
const FIRST = 2 * MANY;

/**
 * Where to look for dossiers of a period of reception: not before the newest of them all. Where many match, a step has few days,
 * because some weeks further back most dossiers are of the period. Undefined when no dossier is.
 *
 * @param matches how many the search index finds, estimated
 */
async function inPeriod(
  database: Database,
  filter: SoughtFilter,
  matches: number,
  after: Place | undefined,
): Promise<Where | undefined> {
  const newest = await newestDayOf(database, filter, after);
  if (newest === undefined) return undefined;
  if (matches <= MANY) return { before: newest + 1, days: DAYS_A_PART };
  const { receivedFrom = '', receivedTo = '' } = filter;
  const period = (instantToMs(receivedTo) - instantToMs(receivedFrom)) / DAY_MS + 1;
  const days = Math.min(Math.ceil((FIRST * period) / matches), MOST_DAYS);
  return { before: newest + 1, days, mostDays: MOST_DAYS };
}

interface Walk<Row> {
  readonly found: readonly Row[];
  /** The time of the first row. */
  readonly began: string | undefined;
  /** The rows that it looked at, at most. */
  readonly length: number;
  /** Where it ended. Undefined when no row follows. */
  readonly ended: Place | undefined;
}

/** Whether the page is full, or no row follows. */
function isComplete<Row>({ found, ended }: Walk<Row>, { limit }: NewestPage<Row>): boolean {
  return ended === undefined || found.length === limit;
}

/** The part of a page that follows a walk. */
function restOf<Row>(page: NewestPage<Row>, { found, ended }: Walk<Row>): NewestPage<Row> {
  return { ...page, after: ended, limit: page.limit - found.length };
}

interface Ends {
  readonly code: string | null;
  readonly began_at: string | null;
  readonly ended_at: string | null;
  readonly ended_code: string | null;
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
    SELECT first.status_at AS began_at, last.status_at AS ended_at, last.code AS ended_code, page.*
    FROM (SELECT) AS walked
      LEFT JOIN (SELECT status_at ${inOrder} LIMIT 1) AS first ON true
      LEFT JOIN (SELECT status_at, code ${inOrder} OFFSET ${length - 1}::int8 LIMIT 1) AS last ON true
      LEFT JOIN (
        SELECT ${columns} FROM (SELECT * ${inOrder} LIMIT ${length}::int8) AS dossiers
        WHERE ${allOf(conditionsOf(filter))} ${ORDER} LIMIT ${limit}::int8) AS page ON true
    ORDER BY page.status_at DESC, page.code`.execute(query);
  const { began_at: began, ended_at: statusAt, ended_code: code } = rows[0] as Ends;
  return {
    length,
    found: rows.filter((row) => row.code !== null),
    began: began ?? undefined,
    ended: statusAt !== null && code !== null ? { statusAt, code } : undefined,
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
