import { sql } from 'kysely';
import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { MappingState } from '#core/mapping/mapping-change';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';
import type { MappingLine } from './code-entries.ts';
import { type Correction, loadCorrections } from './corrections.ts';

/** A change of one code table of one party. */
export interface StoredMappingChange {
  readonly id: number;
  readonly party: string;
  readonly table: string;
  /** The version of the table on which it was drafted. It applies to no other. */
  readonly baseVersion: number;
  /** The version whose lines it restores. Null for a change that does not roll back. */
  readonly backTo: number | null;
  readonly lines: readonly ChangedLine[];
  readonly state: MappingState;
  readonly who: string;
  readonly why: string;
  readonly at: string;
  /** The effect on recent messages when approval was asked for, without items. */
  readonly effect: object | null;
  readonly askedBy: string | null;
  readonly askedAt: string | null;
  readonly decidedBy: string | null;
  readonly decidedWhy: string | null;
  readonly decidedAt: string | null;
  /** The version of the table that it made. */
  readonly version: number | null;
  /** The last order to correct what was read before it. */
  readonly correction: Correction | null;
}

/** A line of a change, and the entered meaning that it replaces. */
export interface ChangedLine extends Omit<MappingLine, 'table'> {
  readonly was: string | null;
}

const COLUMNS = `id, party, table_name AS "table", base_version AS "baseVersion", back_to AS "backTo", lines, state, who, why, at,
  effect, asked_by AS "askedBy", asked_at AS "askedAt", decided_by AS "decidedBy", decided_why AS "decidedWhy",
  decided_at AS "decidedAt", version`;

/** A row. Its correction is in another table. */
type Row = Omit<StoredMappingChange, 'correction'>;

export type NewMappingChange = Pick<
  StoredMappingChange,
  'party' | 'table' | 'baseVersion' | 'backTo' | 'lines' | 'who' | 'why'
>;

/** Stores a draft within a transaction. */
export async function addMappingChange(
  tx: pg.PoolClient,
  { party, table, baseVersion, backTo, lines, who, why }: NewMappingChange,
  nowMs: number,
): Promise<StoredMappingChange> {
  const { rows } = await tx.query<Row>(
    `INSERT INTO mapping_changes (party, table_name, base_version, back_to, lines, state, who, why, at)
     VALUES ($1, $2, $3, $4, $5::jsonb, 'draft', $6, $7, $8::timestamptz) RETURNING ${COLUMNS}`,
    [party, table, baseVersion, backTo, JSON.stringify(lines), who, why, msToInstant(nowMs)],
  );
  return { ...(rows[0] as Row), correction: null };
}

export async function loadMappingChange(
  database: Pick<Database, 'pool'>,
  id: number,
): Promise<StoredMappingChange | undefined> {
  const text = `SELECT ${COLUMNS} FROM mapping_changes WHERE id = $1`;
  const { rows } = await database.pool.query<Row>(text, [id]);
  return (await withCorrections(database, rows))[0];
}

async function withCorrections(
  database: Pick<Database, 'pool'>,
  rows: readonly Row[],
): Promise<readonly StoredMappingChange[]> {
  const ids = rows.map(({ id }) => id);
  const corrections = await loadCorrections(database, ids);
  return rows.map((row) => ({ ...row, correction: corrections.get(row.id) ?? null }));
}

/** The change, locked until the transaction ends, so that decisions come one at a time. It lacks its correction. */
export async function lockMappingChange(tx: pg.PoolClient, id: number): Promise<StoredMappingChange | undefined> {
  const { rows } = await tx.query<Row>(`SELECT ${COLUMNS} FROM mapping_changes WHERE id = $1 FOR UPDATE`, [id]);
  return rows[0] && { ...rows[0], correction: null };
}

export interface MappingFilter {
  readonly party?: string | undefined;
  readonly table?: string | undefined;
  readonly state?: string | undefined;
}

/** Changes, newest first, before the id `before`. */
export async function listMappingChanges(
  database: Database,
  filter: MappingFilter,
  limit: number,
  before: number | undefined,
): Promise<readonly StoredMappingChange[]> {
  const { rows } = await sql<Row>`
    SELECT ${sql.raw(COLUMNS)} FROM mapping_changes
    WHERE ${isMatch(filter)} AND (${before ?? null}::int8 IS NULL OR id < ${before ?? null}::int8)
    ORDER BY id DESC LIMIT ${limit}`.execute(database.query);
  return withCorrections(database, rows);
}

export const countMappingChanges = (database: Database, filter: MappingFilter): Promise<Total> =>
  countUpTo(database, sql`SELECT FROM mapping_changes WHERE ${isMatch(filter)}`);

function isMatch(filter: MappingFilter) {
  const [party, table, state] = [filter.party ?? null, filter.table ?? null, filter.state ?? null];
  return sql`(${party}::text IS NULL OR party = ${party}) AND (${table}::text IS NULL OR table_name = ${table})
    AND (${state}::text IS NULL OR state = ${state})`;
}

/** Records within a transaction that approval is asked for, with the effect as evidence. */
export async function askForMapping(
  tx: pg.PoolClient,
  id: number,
  { who, effect }: { readonly who: string; readonly effect: object },
  nowMs: number,
): Promise<void> {
  await tx.query(
    `UPDATE mapping_changes SET state = 'asked', effect = $2::jsonb, asked_by = $3, asked_at = $4::timestamptz WHERE id = $1`,
    [id, JSON.stringify(effect), who, msToInstant(nowMs)],
  );
}

/** Records a decision within a transaction. @param version that the table has now, if the change was applied */
export async function decideMapping(
  tx: pg.PoolClient,
  id: number,
  {
    state,
    who,
    why,
    version,
  }: {
    readonly state: MappingState;
    readonly who: string;
    readonly why: string;
    readonly version: number | null;
  },
  nowMs: number,
): Promise<void> {
  await tx.query(
    `UPDATE mapping_changes SET state = $2, decided_by = $3, decided_why = $4, decided_at = $5::timestamptz, version = $6
     WHERE id = $1`,
    [id, state, who, why, msToInstant(nowMs), version],
  );
}
