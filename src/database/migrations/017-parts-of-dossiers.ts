import { type Kysely, sql } from 'kysely';

/**
 * A part of a dossier in the index is not counted separately: when the whole arrives or leaves, its parts are counted again. So
 * all dossiers are counted again.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE INDEX dossiers_parent ON dossiers (parent_code) WHERE parent_code IS NOT NULL`,
  `UPDATE counted_state SET filled_to = '' WHERE EXISTS (SELECT 1 FROM counted)`,
];
