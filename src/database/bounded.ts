import { type Expression, type RawBuilder, sql } from 'kysely';
import type { Database } from './pool.ts';

/** A list that may have ended early. `isCut` says that more follows, because its items together are too large. */
export type Bounded<Item> = readonly Item[] & { readonly isCut?: boolean };

export function bounded<Item>(items: readonly Item[], isCut: boolean): Bounded<Item> {
  return Object.assign([...items], { isCut });
}

/** Limit of one page's content, unless its first item alone is larger. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** Content returned by the first statement: pages of usual records need no second one. */
export const SHORT_BYTES = 16 * 1024;

/** A row with the size of its content. Content over SHORT_BYTES is left out, and read later if it fits. */
export interface Sized {
  readonly bytes: number;
}

/**
 * The first rows that fit into a page, with the content that was left out.
 * @param load reads rows again, with their content; it leaves out a deleted row
 */
export async function fitPage<Row extends Sized>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  load: (keys: readonly string[]) => Promise<readonly Row[]>,
): Promise<Bounded<Row>> {
  let count = 0;
  let bytes = 0;
  for (const row of rows) {
    bytes += row.bytes;
    if (count > 0 && bytes > PAGE_BYTES) break;
    count++;
  }
  const fitting = rows.slice(0, count);
  const large = fitting.filter((row) => row.bytes > SHORT_BYTES);
  const isCut = count < rows.length;
  if (large.length === 0) return bounded(fitting, isCut);
  const loaded = new Map((await load(large.map(keyOf))).map((row) => [keyOf(row), row]));
  return bounded(
    fitting.flatMap((row) => (row.bytes > SHORT_BYTES ? (loaded.get(keyOf(row)) ?? []) : row)),
    isCut,
  );
}

/**
 * The first rows of an ordered query that fit into a page. PostgreSQL knows the size of a stored value without reading it,
 * so nothing is read that is not returned.
 * @param query with its order and limit, and with the column `bytes`: the size of a row's content
 * @param order the same order, by columns of the query
 * @param columns what to return of the rows that fit
 */
export async function readBounded<Row>(
  { query: db }: Pick<Database, 'query'>,
  query: Expression<unknown>,
  order: RawBuilder<unknown>,
  columns: RawBuilder<unknown> = sql`*`,
): Promise<Bounded<Row>> {
  const { rows } = await sql<Row & { looked: number }>`
    SELECT ${columns}, looked FROM (
      SELECT *, count(*) OVER ()::int4 AS looked, sum(bytes) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) AS up_to
      FROM ${query} AS found) summed
    WHERE up_to <= ${sql.lit(PAGE_BYTES)} OR up_to = bytes ORDER BY ${order}`.execute(db);
  return bounded(rows, rows.length < (rows[0]?.looked ?? 0));
}
