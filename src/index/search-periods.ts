import { type RawBuilder, sql } from 'kysely';
import { PERIOD_DAYS } from '#core/dossier/filter-words';

/**
 * The index dossiers_words keeps words apart by the time of the present status: each begins with the number of eight periods
 * of ten days. So a search reads the entries of some months, and not those of all years.
 */
export const PERIODS_A_PART = 8;
/** Days from the year 1641 on make numbers of one length, without signs. */
const DAYS_BEFORE_1970 = 120_000;
const PERIODS_BEFORE_1970 = DAYS_BEFORE_1970 / PERIOD_DAYS;

type Sql = RawBuilder<unknown>;

const DAY = sql`((status_at AT TIME ZONE 'UTC')::date - '1970-01-01'::date + ${sql.lit(DAYS_BEFORE_1970)})`;
/** SQL: the number of the period of a row. */
export const PERIOD = sql<number>`(${DAY} / ${sql.lit(PERIOD_DAYS)})`;
/** SQL: the number of its part. */
const PART = sql`(${DAY} / ${sql.lit(PERIOD_DAYS * PERIODS_A_PART)})`;

/** SQL: the part of a period. */
export function partOf(period: Sql): Sql {
  return sql`(${period} / ${sql.lit(PERIODS_A_PART)})`;
}

/** SQL: the first moment of a period. */
export function startOf(period: Sql): Sql {
  return sql`to_timestamp((${period} - ${sql.lit(PERIODS_BEFORE_1970)}) * ${sql.lit(PERIOD_DAYS * 86_400)}::float8)`;
}

/** SQL: whether a row of a part meets a query of words. In the words of the index. */
export function hasWordsIn(part: Sql, query: Sql): Sql {
  const prefixed = (text: Sql, by: Sql): Sql => sql`replace(' ' || ${text}, ' ''', ' ''' || ${by})`;
  return sql`${prefixed(sql`search::text`, PART)}::tsvector @@ ${prefixed(sql`${query}::tsquery::text`, part)}::tsquery`;
}

/** SQL: the query of words for periods from `first` to `last`, of one part. */
export function withPeriods(query: Sql, first: Sql, last: Sql): Sql {
  return sql`(${query} || (SELECT ' & (' || string_agg('''=D' || period - ${sql.lit(PERIODS_BEFORE_1970)} || '''', ' | ') || ')'
    FROM generate_series(${first}, ${last}) AS period))`;
}

/** SQL: the parts that have rows. */
export const PARTS = sql`(
  WITH RECURSIVE met AS (
    SELECT (SELECT ${PART} FROM dossiers ORDER BY status_at DESC LIMIT 1) AS part
    UNION ALL
    SELECT (SELECT ${PART} FROM dossiers WHERE status_at < ${startOf(sql`met.part * ${sql.lit(PERIODS_A_PART)}`)}
            ORDER BY status_at DESC LIMIT 1)
    FROM met WHERE met.part IS NOT NULL)
  SELECT part FROM met WHERE part IS NOT NULL)`;
