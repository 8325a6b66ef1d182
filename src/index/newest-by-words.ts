import { type RawBuilder, sql } from 'kysely';
import { allOf } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import { conditionsOf, type SoughtFilter, type WordQuery } from './dossier-filter.ts';
import { isAfter, type NewestPage, ORDER, walk } from './newest-page.ts';
import { DAY, DAYS_A_PART, dayOfPlace, daysQuery, hasWordsIn, MOST_DAYS, partOf, startOf } from './search-days.ts';

/** Where a day has more matches than this, a walk through its rows mostly finds a page sooner. */
const MOST_MATCHES = 2_000;
/** Where few of the matches pass, this many times as many are gathered: a walk would read the whole day for little. */
const GATHERED = 10;
/** From one step to the next. A step costs some 0.1 ms, and what it finds beyond the page is read for nothing. */
const GROWTH = 4;

/** Queries of words, and where to look first. */
export interface Sought extends Pick<WordQuery, 'words'> {
  /** How many days to look into first. */
  readonly days: number;
  /** How many at most. Absent: a whole part. */
  readonly mostDays?: number | undefined;
  /** Only rows before this day, by its number. Absent: those after the place of the page. */
  readonly before?: number | undefined;
}

/**
 * The first rows that pass the filter, newest first. Looks into the search index for one time after the other, from the newest
 * on, until the page is full. Few matches lead to more days in the next step. More than MOST_MATCHES in one day lead to a walk
 * through its rows, or to a larger gathering if few of them pass.
 *
 * @param most the matches that are gathered and sorted
 */
export async function newestByWords<Row>(
  database: Database,
  filter: SoughtFilter,
  { words, days, before, mostDays = DAYS_A_PART }: Sought,
  page: NewestPage<Row>,
  most = MOST_MATCHES,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  let from: Place = { before, days, most };
  for (;;) {
    const rest = { ...page, limit: page.limit - found.length };
    const { rows, dense } = await lookInto(database, filter, { words, mostDays, ...from }, rest);
    found.push(...rows);
    if (!dense || found.length === page.limit) return found;
    const left = { ...page, limit: page.limit - found.length };
    if (dense.passing < left.limit && from.most === most) {
      from = { before: dense.day + 1, days: 1, most: most * GATHERED };
      continue;
    }
    const day = sql`${dense.day}::int4`;
    const within = sql`status_at >= ${startOf(day)} AND status_at < ${startOf(sql`${day} + 1`)}`;
    found.push(...(await walk(database, filter, left, within)));
    if (found.length === page.limit) return found;
    from = { before: dense.day, days: 1, most };
  }
}

/** Where to look: days before this one, and how many of them at a time. */
interface Place {
  readonly before: number | undefined;
  readonly days: number;
  /** The matches that are gathered in one step. */
  readonly most: number;
}

interface Looked<Row> {
  readonly rows: readonly Row[];
  /** Undefined when the page is full or no older row follows. */
  readonly dense: Dense | undefined;
}

/** A day that has too many matches to gather. */
interface Dense {
  readonly day: number;
  /** How many of the matches that were gathered pass the filter. */
  readonly passing: number;
}

interface End extends Dense {
  readonly code: string | null;
  readonly is_dense: boolean;
}

/**
 * One step of the recursion looks into some days, as far as they belong to one part. Each step knows the codes that are found
 * so far, so it ends with a full page. More than MOST_DAYS are the whole part: the words of that many days would cost more than
 * the matches of the others.
 */
async function lookInto<Row>(
  { query }: Database,
  filter: SoughtFilter,
  { words, mostDays, before, days, most: mostMatches }: Place & Pick<Sought, 'words' | 'mostDays'>,
  { limit, after, columns }: NewestPage<Row>,
): Promise<Looked<Row>> {
  const most = sql.lit(mostMatches);
  const part = partOf(sql`newest.day`);
  const start = sql`${part} * ${sql.lit(DAYS_A_PART)}`;
  const isWhole = sql`looked.days > ${sql.lit(MOST_DAYS)}`;
  const [rarest, ...others] = words.map((one) => sql`${one}::text`) as [RawBuilder<string>, ...RawBuilder<string>[]];
  const ofDays = sql`CASE WHEN ${isWhole} THEN ${rarest} ELSE ${daysQuery(sql`next.first`, sql`newest.day`)} END`;
  const passes = allOf([...conditionsOf(filter), isAfter(after)]);
  const { rows } = await sql<Row & End>`
    WITH RECURSIVE looked AS (
      SELECT 0 AS step, ${before ?? sql`${dayOfPlace(after)} + 1`}::int4 AS before, ${days}::int4 AS days, '{}'::text[] COLLATE "C" AS codes, false AS is_dense, 0 AS day, 0 AS passing
      UNION ALL
      SELECT step + 1, CASE WHEN many > ${most} THEN looked.before ELSE next.first END,
        CASE WHEN many > ${most} THEN 1 ELSE least(looked.days * ${sql.lit(GROWTH)}, ${mostDays}::int4) END,
        CASE WHEN many > ${most} THEN looked.codes ELSE looked.codes || found.codes END,
        many > ${most} AND looked.days = 1, newest.day, found.passing
      FROM looked
        CROSS JOIN LATERAL (
          SELECT ${DAY} AS day FROM dossiers WHERE status_at < ${startOf(sql`looked.before`)} ORDER BY status_at DESC LIMIT 1) AS newest
        CROSS JOIN LATERAL (
          SELECT CASE WHEN ${isWhole} THEN ${start} ELSE greatest(newest.day - looked.days + 1, ${start}) END AS first) AS next
        CROSS JOIN LATERAL (
          SELECT count(*) AS many, count(*) FILTER (WHERE passes)::int4 AS passing, (array_agg(code ORDER BY status_at DESC, code) FILTER (WHERE passes))[:${limit}::int4 - cardinality(looked.codes)] AS codes
          FROM (SELECT code, status_at, ${passes} AS passes
                FROM (SELECT * FROM dossiers WHERE ${hasWordsIn(part, [rarest, ...others, ofDays])} OFFSET 0) AS dossiers
                WHERE status_at < ${startOf(sql`looked.before`)} LIMIT ${most} + 1) AS met) AS found
      WHERE NOT is_dense AND cardinality(looked.codes) < ${limit}::int4)
    SELECT looked.is_dense, looked.day, looked.passing, page.*
    FROM (SELECT * FROM looked ORDER BY step DESC LIMIT 1) AS looked
      LEFT JOIN LATERAL (SELECT ${columns} FROM dossiers WHERE code = ANY(looked.codes)) AS page ON true
    ${ORDER}`.execute(query);
  const end = rows[0] as End;
  return { rows: rows.filter(({ code }) => code !== null), dense: end.is_dense ? end : undefined };
}
