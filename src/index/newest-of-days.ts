import { sql } from 'kysely';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { FIRST_DAY, LAST_DAY } from '#core/statistics/spans';
import type { Database } from '../database/pool.ts';
import { conditionsOf, type SoughtFilter } from './dossier-filter.ts';
import { allOf, isAfter, type NewestPage } from './newest-page.ts';

/** Whether a list is filtered by nothing but the period of reception. */
export function isPeriodOnly({ receivedFrom: _, receivedTo: __, ...others }: SoughtFilter): boolean {
  return Object.values(others).every((one) => one === undefined);
}

/** The words of the index dossiers_received_day. */
const DAY = sql<string>`((received_at AT TIME ZONE 'Etc/GMT-7')::date)`;

/**
 * The newest rows of a period of reception. A page has rows of no more days than it has rows: those whose newest row is
 * newest. So it reads one row of each day, and a page of each of these days.
 */
export async function newestOfDays<Row>(
  { query }: Database,
  filter: SoughtFilter,
  { limit, after, columns }: NewestPage<Row>,
): Promise<readonly Row[]> {
  const { receivedFrom, receivedTo } = filter;
  const first = sql`${receivedFrom === undefined ? FIRST_DAY : dayOf(receivedFrom)}::date`;
  const last = sql`${receivedTo === undefined ? LAST_DAY : dayOf(receivedTo)}::date`;
  const nextDay = (condition: typeof first) =>
    sql`(SELECT ${DAY} FROM dossiers WHERE ${condition} AND ${DAY} <= ${last} ORDER BY ${DAY} LIMIT 1)`;
  const newestOf = (days: string, length: number) => sql`LATERAL (
    SELECT status_at, code FROM dossiers
    WHERE ${DAY} = ${sql.ref(`${days}.day`)} AND ${isAfter(after)} AND ${allOf(conditionsOf(filter))}
    ORDER BY status_at DESC, code LIMIT ${length}::int8) AS newest`;
  const { rows } = await sql<Row>`
    WITH RECURSIVE days AS (
      SELECT ${nextDay(sql`${DAY} >= ${first}`)} AS day
      UNION ALL SELECT ${nextDay(sql`${DAY} > days.day`)} FROM days WHERE days.day IS NOT NULL),
    newest_days AS MATERIALIZED (
      SELECT day FROM days CROSS JOIN ${newestOf('days', 1)} ORDER BY newest.status_at DESC, newest.code LIMIT ${limit}::int8),
    found AS MATERIALIZED (SELECT newest.status_at, newest.code FROM newest_days CROSS JOIN ${newestOf('newest_days', limit)})
    SELECT ${columns} FROM dossiers WHERE code = ANY(ARRAY(
      SELECT code FROM found ORDER BY status_at DESC, code LIMIT ${limit}::int8))
    ORDER BY status_at DESC, code`.execute(query);
  return rows;
}

function dayOf(instant: string): string {
  return msToInstant(instantToMs(instant)).slice(0, 10);
}
