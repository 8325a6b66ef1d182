import { type RawBuilder, sql } from 'kysely';
import { RECEPTION_DAYS } from '#core/dossier/filter-words';
import type { Place } from './newest-page.ts';

/**
 * The index dossiers_words keeps words apart by the time of the present status: each begins with the number of a part of eighty
 * days. So a search reads the entries of some months, and not those of all years. Each row also has a word for the day of its
 * status within the part, and one for the ten days of its reception.
 */
export const DAYS_A_PART = 80;
/** A query has the words of this many days at most. */
export const MOST_DAYS = 16;
/** Days from the year 1641 on make numbers of one length, without signs. */
const DAYS_BEFORE_1970 = 120_000;

type Sql = RawBuilder<unknown>;

/** SQL: the number of the day of a row. The index dossiers_open_days begins with it. */
export const DAY = sql<number>`((status_at AT TIME ZONE 'UTC')::date - '1970-01-01'::date + ${sql.lit(DAYS_BEFORE_1970)})`;
const PART = partOf(DAY);
const DAY_IN_PART = sql`${DAY} % ${sql.lit(DAYS_A_PART)}`;
/** SQL: the day of reception in Vietnam, in days since 1970. */
const RECEIVED = sql`((received_at AT TIME ZONE 'Etc/GMT-7')::date - '1970-01-01'::date)`;

/** SQL: the part of a day. */
export function partOf(day: Sql): Sql {
  return sql`(${day} / ${sql.lit(DAYS_A_PART)})`;
}

/** SQL: the first moment of a day. */
export function startOf(day: Sql): Sql {
  return sql`to_timestamp((${day} - ${sql.lit(DAYS_BEFORE_1970)}) * 86400::float8)`;
}

/** SQL: the day of a place in a list, and a late one without a place. */
export function dayOfPlace(place: Place | undefined): Sql {
  return place ? sql`(SELECT ${DAY} FROM (SELECT ${place.statusAt}::timestamptz AS status_at) AS place)` : sql`1000000`;
}

/** SQL: whether a row of a part meets all queries of words. In the words of the index. */
export function hasWordsIn(part: Sql, queries: readonly Sql[]): Sql {
  const days = sql`' ''=D' || ${DAY_IN_PART} || '''' || coalesce(' ''=E' || ${RECEIVED} / ${sql.lit(RECEPTION_DAYS)} || '''', '')`;
  const prefixed = (text: Sql, by: Sql): Sql => sql`replace(' ' || ${text}, ' ''', ' ''' || ${by})`;
  const words = sql`${prefixed(sql`search::text || ${days}`, PART)}::tsvector`;
  const each = queries.map((query) => sql`${words} @@ ${prefixed(sql`${query}::tsquery::text`, part)}::tsquery`);
  return sql.join(each, sql` AND `);
}

/** SQL: the query of words for days from `first` to `last`, of one part. */
export function daysQuery(first: Sql, last: Sql): Sql {
  return sql`(SELECT string_agg('''=D' || day % ${sql.lit(DAYS_A_PART)} || '''', ' | ') FROM generate_series(${first}, ${last}) AS day)`;
}

/** SQL: the parts that have rows. */
export const PARTS = sql`(
  WITH RECURSIVE met AS (
    SELECT (SELECT ${PART} FROM dossiers ORDER BY status_at DESC LIMIT 1) AS part
    UNION ALL
    SELECT (SELECT ${PART} FROM dossiers WHERE status_at < ${startOf(sql`met.part * ${sql.lit(DAYS_A_PART)}`)}
            ORDER BY status_at DESC LIMIT 1)
    FROM met WHERE met.part IS NOT NULL)
  SELECT part FROM met WHERE part IS NOT NULL)`;
