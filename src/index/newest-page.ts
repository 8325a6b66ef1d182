import { type RawBuilder, sql } from 'kysely';
import { allOf } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import { conditionsOf, type SoughtFilter } from './dossier-filter.ts';

export interface Place {
  readonly statusAt: string;
  readonly code: string;
}

export interface NewestPage<Row> {
  readonly limit: number;
  readonly after: Place | undefined;
  /** What to return of each row. */
  readonly columns: RawBuilder<Row>;
}

/** SQL: whether a row comes after the place, in a form that an index can begin with. */
export function isAfter(place: Place | undefined): RawBuilder<unknown> {
  if (!place) return sql`true`;
  const { statusAt, code } = place;
  return sql`status_at <= ${statusAt}::timestamptz AND (status_at < ${statusAt}::timestamptz OR code > ${code})`;
}

export const ORDER = sql`ORDER BY status_at DESC, code`;

/** The rows after a place, in their order, without those that the filter leaves out. */
export async function walk<Row>(
  { query }: Database,
  filter: SoughtFilter,
  { limit, after, columns }: NewestPage<Row>,
  within: RawBuilder<unknown> = sql`true`,
): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`
    SELECT ${columns} FROM dossiers WHERE ${isAfter(after)} AND ${within} AND ${allOf(conditionsOf(filter))}
    ${ORDER} LIMIT ${limit}::int8`.execute(query);
  return rows;
}
