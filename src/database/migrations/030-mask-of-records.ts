import { type Kysely, sql } from 'kysely';

/** As for dossiers (020): the version of the record that the present rule masked. A later rule gets a new column. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `ALTER TABLE records ADD COLUMN mask_of int4 NOT NULL DEFAULT 0`,
  `CREATE INDEX records_stale_mask ON records (subject) WHERE mask_of <> version`,
];
