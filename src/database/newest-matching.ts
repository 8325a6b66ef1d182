import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { countUpTo, type Total } from './count-up-to.ts';
import type { Database } from './pool.ts';

/** A page looks at this many rows at most, however few of them match: 13 ms for messages of 2.5 KB. */
const MOST_LOOKED_AT = 10_000;

type Condition = RawBuilder<SqlBool>;

/** Which rows of a growing table a list has. */
export interface Matching {
  readonly table: 'messages' | 'audit' | 'asks' | 'deliveries' | 'events' | 'dossiers';
  /** By what name the conditions and columns know a row. */
  readonly alias?: string;
  /** An index finds the rows that meet these conditions. Others are not looked at. */
  readonly indexed: readonly Condition[];
  /** A page looks at rows to find those that meet these too. */
  readonly others: readonly Condition[];
  /** The index of this time finds the rows of a period, so they come in its order. Otherwise in the order of their ids. */
  readonly by?: 'at' | undefined;
}

/** A list that may have ended before its limit: `endedAt` is then the id of the last row that was looked at. */
export type Looked<Row extends { readonly id: unknown }> = readonly Row[] & {
  readonly endedAt?: Row['id'] | undefined;
};

/** The first matching rows before an id, newest first. @param columns with the `id` */
export async function newestMatching<Row extends { readonly id: unknown }>(
  database: Pick<Database, 'query'>,
  { by, indexed, ...matching }: Matching,
  columns: RawBuilder<Row>,
  limit: number,
  before: Row['id'] | undefined,
): Promise<Looked<Row>> {
  const order = by ? sql`${sql.ref(by)} DESC, id DESC` : sql`id DESC`;
  const from = before === undefined ? indexed : [...indexed, ...isBefore(matching.table, by, before)];
  const { found, last } = await firstMatching(database, { ...matching, indexed: from, order }, columns, limit);
  return last ? Object.assign(found, { endedAt: last.id }) : found;
}

interface Ordered extends Omit<Matching, 'by'> {
  /** An index gives it. */
  readonly order: RawBuilder<unknown>;
}

/** The first matching rows of an order. `last`: the last row that was looked at, if the list ended there before its limit. */
export async function firstMatching<Row>(
  { query }: Pick<Database, 'query'>,
  { table, alias = table, indexed, others, order }: Ordered,
  columns: RawBuilder<Row>,
  limit: number,
): Promise<{ readonly found: readonly Row[]; readonly last: Row | undefined }> {
  const matches = sql`(${allOf(others)}) IS TRUE`;
  // The last row that was looked at comes too, also where it does not match.
  const isLast = sql`nth = ${sql.lit(MOST_LOOKED_AT)}`;
  const { rows } = await sql<Row & { is_match: boolean; is_last: boolean }>`
    SELECT ${columns}, ${matches} AS is_match, ${isLast} AS is_last FROM (
      SELECT *, row_number() OVER (ORDER BY ${order}) AS nth FROM ${sql.table(table)} AS ${sql.ref(alias)}
      WHERE ${allOf(indexed)} ORDER BY ${order} LIMIT ${sql.lit(MOST_LOOKED_AT)}) AS ${sql.ref(alias)}
    WHERE ${matches} OR ${isLast} ORDER BY ${order} LIMIT ${limit}::int8`.execute(query);
  const found = rows.filter((row) => row.is_match).map(({ is_match: _, is_last: __, ...row }) => row as unknown as Row);
  const last = rows.at(-1);
  return { found, last: last?.is_last ? last : undefined };
}

function isBefore(table: Matching['table'], by: Matching['by'], id: unknown): readonly Condition[] {
  if (!by) return [sql`id < ${id}`];
  const time = sql.ref(by);
  const itsTime = sql`(SELECT ${time} FROM ${sql.table(table)} WHERE id = ${id})`;
  return [sql`${time} <= ${itsTime}`, sql`(${time} < ${itsTime} OR id < ${id})`];
}

/** How many rows match in all. */
export function countMatching(
  database: Pick<Database, 'query'>,
  { table, alias = table, indexed, others }: Matching,
): Promise<Total> {
  return countUpTo(
    database,
    sql`SELECT FROM ${sql.table(table)} AS ${sql.ref(alias)} WHERE ${allOf([...indexed, ...others])}`,
  );
}

/** SQL: whether all conditions hold. */
export function allOf(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return conditions.length === 0 ? sql`true` : sql.join([...conditions], sql` AND `);
}
