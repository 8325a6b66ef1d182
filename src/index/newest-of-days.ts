import { sql } from 'kysely';
import { DAY_MS, endOfDay, instantToMs, msToInstant, startOfDay } from '#core/dates/dates';
import { FIRST_DAY, LAST_DAY } from '#core/statistics/spans';
import { allOf } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import { conditionsOf, rowWordsOf, type SoughtFilter } from './dossier-filter.ts';
import { estimateRows } from './estimate-rows.ts';
import { isAfter, type NewestPage, type Place } from './newest-page.ts';
import { DAY as STATUS_DAY } from './search-days.ts';

/** Whether a list is filtered by nothing but the period of reception. */
export function isPeriodOnly({ receivedFrom: _, receivedTo: __, ...others }: SoughtFilter): boolean {
  return Object.values(others).every((one) => one === undefined);
}

/** The words of the index dossiers_received_day. */
const DAY = sql<string>`((received_at AT TIME ZONE 'Etc/GMT-7')::date)`;

/** The days of the period of reception, as dates. */
function daysOf({ receivedFrom, receivedTo }: SoughtFilter): { readonly first: string; readonly last: string } {
  return {
    first: receivedFrom === undefined ? FIRST_DAY : dayOf(receivedFrom),
    last: receivedTo === undefined ? LAST_DAY : dayOf(receivedTo),
  };
}

/** Whether the period is whole days, so that the day of a row says that it is in the period. */
function hasWholeDays({ receivedFrom, receivedTo }: SoughtFilter, { first, last }: ReturnType<typeof daysOf>): boolean {
  return (
    (receivedFrom === undefined || instantToMs(receivedFrom) === instantToMs(startOfDay(first))) &&
    (receivedTo === undefined || instantToMs(receivedTo) === instantToMs(endOfDay(last)))
  );
}

/**
 * The newest rows of a period of reception that pass the filter. The newest ones of each day say from when on the page may
 * have rows. So it reads a row or two of each day, and hardly more than a page of these days.
 */
export async function newestOfDays<Row>(
  { query }: Database,
  filter: SoughtFilter,
  { limit, after, columns }: NewestPage<Row>,
): Promise<readonly Row[]> {
  const days = daysOf(filter);
  const [first, last] = [sql`${days.first}::date`, sql`${days.last}::date`];
  // Otherwise the planner expects few rows of a day, and sorts the whole day.
  const within = hasWholeDays(filter, days) ? { ...filter, receivedFrom: undefined, receivedTo: undefined } : filter;
  const nextDay = (condition: typeof first) =>
    sql`(SELECT ${DAY} FROM dossiers WHERE ${condition} AND ${DAY} <= ${last} ORDER BY ${DAY} LIMIT 1)`;
  const newestOf = (of: string, length: number, since: typeof first) => sql`LATERAL (
    SELECT status_at, code FROM dossiers
    WHERE ${DAY} = ${sql.ref(`${of}.day`)} AND ${isAfter(after)} AND status_at >= ${since} AND ${allOf(conditionsOf(within))}
    ORDER BY status_at DESC, code LIMIT ${length}::int8) AS newest`;
  const { rows } = await sql<Row>`
    WITH RECURSIVE days AS (
      SELECT ${nextDay(sql`${DAY} >= ${first}`)} AS day
      UNION ALL SELECT ${nextDay(sql`${DAY} > days.day`)} FROM days WHERE days.day IS NOT NULL),
    heads AS MATERIALIZED (
      SELECT day, newest.status_at FROM days CROSS JOIN ${newestOf('days', headsOf(days, limit), sql`'-infinity'::timestamptz`)}),
    bound AS MATERIALIZED (
      SELECT coalesce((SELECT status_at FROM heads ORDER BY status_at DESC OFFSET ${limit - 1}::int8 LIMIT 1), '-infinity') AS since),
    newest_days AS MATERIALIZED (SELECT DISTINCT day FROM heads WHERE status_at >= (SELECT since FROM bound)),
    found AS MATERIALIZED (
      SELECT newest.status_at, newest.code FROM newest_days CROSS JOIN ${newestOf('newest_days', limit, sql`(SELECT since FROM bound)`)})
    SELECT ${columns} FROM dossiers WHERE code = ANY(ARRAY(
      SELECT code FROM found ORDER BY status_at DESC, code LIMIT ${limit}::int8))
    ORDER BY status_at DESC, code`.execute(query);
  return rows;
}

/**
 * The number of the day of the newest status among the rows of a period of reception, whatever else they are. Reads an entry or
 * two of each day.
 */
export async function newestDayOf(
  { query }: Database,
  filter: SoughtFilter,
  after: Place | undefined,
): Promise<number | undefined> {
  const { first, last } = daysOf(filter);
  const { rows } = await sql<{ day: number | null }>`
    SELECT max(newest.day) AS day
    FROM generate_series(${first}::date, ${last}::date, '1 day') AS days(day)
      CROSS JOIN LATERAL (SELECT ${STATUS_DAY} AS day FROM dossiers WHERE ${DAY} = days.day::date AND ${isAfter(after)}
        ORDER BY status_at DESC LIMIT 1) AS newest`.execute(query);
  return rows[0]?.day ?? undefined;
}

/**
 * The filter with both ends of its period of reception: an open end is the first or the last day on which any dossier was received.
 * So words of months find dossiers received "until February". The period is empty if it lies outside these days.
 */
export async function withBothEnds({ query }: Database, filter: SoughtFilter): Promise<SoughtFilter> {
  const { receivedFrom, receivedTo } = filter;
  const isOpenStart = receivedFrom === undefined;
  if (isOpenStart === (receivedTo === undefined)) return filter;
  const { rows } = await sql<{ day: string }>`
    SELECT ${DAY}::text AS day FROM dossiers WHERE ${DAY} <= ${LAST_DAY}::date
    ORDER BY ${DAY} ${isOpenStart ? sql`ASC` : sql`DESC`} LIMIT 1`.execute(query);
  const day = rows[0]?.day ?? (isOpenStart ? LAST_DAY : FIRST_DAY);
  return isOpenStart ? { ...filter, receivedFrom: startOfDay(day) } : { ...filter, receivedTo: endOfDay(day) };
}

/** Whether a period of reception with both ends has no moment. */
export function isEmptyPeriod({ receivedFrom, receivedTo }: SoughtFilter): boolean {
  return receivedFrom !== undefined && receivedTo !== undefined && receivedFrom > receivedTo;
}

/** How many rows of each day make a page together. */
function headsOf({ first, last }: ReturnType<typeof daysOf>, limit: number): number {
  const days = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  return Math.max(Math.ceil(limit / Math.max(days, 1)), 1);
}

/** Where days end late, a page reads this many times its rows. */
const SPARE = 3;
/** Days without a match are read as a whole, so the estimate must be this many times better. */
const CLEARLY = 10;

/** Estimates for a filter with a period of reception. */
export interface PeriodEstimates {
  /** The rows that the search index finds. */
  readonly matches: number;
  /** Whether `newestOfDays` clearly reads less. Of a period in which many rows match, it reads few. */
  readonly areDaysShorter: boolean;
}

/**
 * Undefined without a period.
 * @param all the words of the filter
 */
export async function estimatePeriod(
  database: Database,
  filter: SoughtFilter,
  limit: number,
  all: string,
): Promise<PeriodEstimates | undefined> {
  const { receivedFrom, receivedTo, ...others } = filter;
  if (receivedFrom === undefined && receivedTo === undefined) return undefined;
  const period = conditionsOf({ receivedFrom, receivedTo });
  // The months of the period are words too, and would count twice beside its condition.
  const words = await rowWordsOf(database, others);
  const ofOthers = words === '' ? [] : [sql`search @@ ${words}::tsquery`];
  const [matches = 0, rows = 0, passing = 0] = await estimateRows(database, [
    [sql`search @@ ${all}::tsquery`],
    period,
    [...ofOthers, ...period],
  ]);
  const { first, last } = daysOf(filter);
  const days = Math.min((Date.parse(last) - Date.parse(first)) / DAY_MS + 1, MOST_DAYS);
  const read = (CLEARLY * (days + SPARE * limit) * rows) / Math.max(passing, 1);
  return { matches, areDaysShorter: words === '' || read < matches };
}

/** Of a period that is open. */
const MOST_DAYS = 1_000;

function dayOf(instant: string): string {
  return msToInstant(instantToMs(instant)).slice(0, 10);
}
