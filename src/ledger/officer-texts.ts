import type pg from 'pg';
import type { Database } from '../database/pool.ts';

/** A column with texts that officers write in clear, or partners. */
export interface OfficerPlace {
  readonly table: string;
  /** The table's key: name and type of each column. */
  readonly key: Readonly<Record<string, string>>;
  readonly column: string;
  /** The column with the same sentence as words. */
  readonly words?: string;
}

/** The reasons in the audit. A changed entry must be signed, see hideInAudit of audit-chain.ts. */
export const AUDIT_REASONS: OfficerPlace = { table: 'audit', key: { id: 'int8' }, column: 'why' };

const placesIn = (table: string, ...columns: readonly string[]): readonly OfficerPlace[] =>
  columns.map((column) => ({ table, key: { id: 'int8' }, column }));

/** Names and conditions of saved filters. A filter without its words is of no use, so it goes as a whole. */
export const FILTER_TEXTS: readonly OfficerPlace[] = placesIn('saved_filters', 'name', 'query').map((place) => ({
  ...place,
  key: { key_id: 'text', list: 'text', name: 'text' },
}));

/** Reasons of orders, statements about incidents, and purposes of questions to registers. */
export const NOTE_TEXTS: readonly OfficerPlace[] = [
  ...placesIn('asks', 'purpose', 'legal_basis').map((place) => ({ ...place, key: { id: 'uuid' } })),
  ...placesIn('code_entries', 'why'),
  ...placesIn('corrections', 'why'),
  ...placesIn('erasures', 'why'),
  ...placesIn('incident_notes', 'cause', 'action'),
  ...placesIn('legal_holds', 'why', 'lifted_why'),
  ...placesIn('mapping_changes', 'why', 'decided_why'),
  ...placesIn('replays', 'why'),
  ...placesIn('resolutions', 'why'),
];

const ID = { id: 'int8' };

/** Errors of partners. The hub has masked the people of the record that it sent, and a partner may name others. */
export const PARTNER_TEXTS: readonly OfficerPlace[] = [
  {
    table: 'attempts',
    key: { delivery_id: 'int8', number: 'int4', at: 'timestamptz' },
    column: 'detail',
    words: 'words',
  },
  { table: 'deliveries', key: ID, column: 'detail', words: 'words' },
  { table: 'incidents', key: ID, column: 'cause', words: 'words' },
  { table: 'party_health', key: { party: 'text' }, column: 'error_detail', words: 'error_words' },
  { table: 'pulls', key: { party: 'text', name: 'text' }, column: 'last_error', words: 'error_words' },
  { table: 'quarantine', key: ID, column: 'detail', words: 'words' },
  { table: 'reconciles', key: { party: 'text' }, column: 'last_error' },
];

/**
 * Reads some rows in the order of their key, so that each row of a large table is read once.
 *
 * @returns the different texts of their column, and the key of the last row; undefined after the end
 */
export async function officerTexts(
  { pool }: Pick<Database, 'pool'>,
  { table, key, column }: OfficerPlace,
  after?: readonly string[],
): Promise<{ readonly texts: readonly string[]; readonly last: readonly string[] } | undefined> {
  const names = Object.keys(key).join(', ');
  const bound = Object.values(key).map((type, at) => `$${at + 1}::${type}`);
  const texts = Object.keys(key).map((name) => `${name}::text`);
  const { rows } = await pool.query<{ texts: readonly string[]; last: readonly string[] | null }>(
    `WITH part AS (
       SELECT ${names}, ${column} AS text FROM ${table} ${after ? `WHERE (${names}) > (${bound.join(', ')})` : ''}
       ORDER BY ${names} LIMIT ${ROWS})
     SELECT ARRAY(SELECT DISTINCT text FROM part WHERE text <> '') AS texts,
       (SELECT ARRAY[${texts.join(', ')}] FROM part ORDER BY ROW(${names}) DESC LIMIT 1) AS last`,
    [...(after ?? [])],
  );
  const { texts: found = [], last = null } = rows[0] ?? {};
  return last ? { texts: found, last } : undefined;
}

const ROWS = 10_000;

/** A text, and what takes its place. */
export interface ChangedText {
  readonly before: string;
  readonly after: string;
}

/** @returns how many rows */
export async function changeOfficerTexts(
  tx: pg.PoolClient,
  { table, column, words }: OfficerPlace,
  changed: readonly ChangedText[],
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE ${table} t SET ${column} = given.after ${words ? `, ${words} = NULL` : ''} FROM unnest($1::text[], $2::text[]) AS given(before, after)
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
