import { type Kysely, sql } from 'kysely';

/**
 * A part of a dossier that the index has is not counted beside it: when the whole comes or goes, its parts are found and
 * counted anew. So is all that was counted before.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE INDEX dossiers_parent ON dossiers (parent_code) WHERE parent_code IS NOT NULL`,
  `UPDATE counted_state SET filled_to = '' WHERE EXISTS (SELECT 1 FROM counted)`,
];
