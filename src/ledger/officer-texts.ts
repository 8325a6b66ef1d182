import type pg from 'pg';
import type { Database } from '../database/pool.ts';

/** A column with texts that officers write in clear. */
export interface OfficerPlace {
  readonly table: string;
  readonly column: string;
}

/** The reasons in the audit. A changed entry must be signed, see hideInAudit of audit-chain.ts. */
export const AUDIT_REASONS: OfficerPlace = { table: 'audit', column: 'why' };

const placesIn = (table: string, ...columns: readonly string[]): readonly OfficerPlace[] =>
  columns.map((column) => ({ table, column }));

/** Names and conditions of saved filters. A filter without its words is of no use, so it goes as a whole. */
export const FILTER_TEXTS = placesIn('saved_filters', 'name', 'query');

/** Reasons of orders, statements about incidents, and purposes of questions to registers. */
export const NOTE_TEXTS: readonly OfficerPlace[] = [
  ...placesIn('asks', 'purpose', 'legal_basis'),
  ...placesIn('code_entries', 'why'),
  ...placesIn('corrections', 'why'),
  ...placesIn('erasures', 'why'),
  ...placesIn('incident_notes', 'cause', 'action'),
  ...placesIn('legal_holds', 'why', 'lifted_why'),
  ...placesIn('mapping_changes', 'why', 'decided_why'),
  ...placesIn('replays', 'why'),
  ...placesIn('resolutions', 'why'),
];

/** A page of the different texts of a column, in the order of their bytes. @param after the last one of the page before */
export async function officerTexts(
  { pool }: Pick<Database, 'pool'>,
  { table, column }: OfficerPlace,
  after: string,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ text: string }>(
    `SELECT DISTINCT ${column} COLLATE "C" AS text FROM ${table} WHERE ${column} COLLATE "C" > $1 ORDER BY 1 LIMIT 2000`,
    [after],
  );
  return rows.map(({ text }) => text);
}

/** A text, and what takes its place. */
export interface ChangedText {
  readonly before: string;
  readonly after: string;
}

/** @returns how many rows */
export async function changeOfficerTexts(
  tx: pg.PoolClient,
  { table, column }: OfficerPlace,
  changed: readonly ChangedText[],
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE ${table} t SET ${column} = given.after FROM unnest($1::text[], $2::text[]) AS given(before, after)
     WHERE t.${column} = given.before`,
    [changed.map(({ before }) => before), changed.map(({ after }) => after)],
  );
  return rowCount ?? 0;
}

/** Removes the saved filters with one of these texts. @returns how many */
export async function removeFilters(
  tx: pg.PoolClient,
  { column }: OfficerPlace,
  texts: readonly string[],
): Promise<number> {
  const { rowCount } = await tx.query(`DELETE FROM saved_filters WHERE ${column} = ANY($1::text[])`, [texts]);
  return rowCount ?? 0;
}
