import { type Kysely, sql } from 'kysely';

/**
 * `mask_of` is the version of the dossier that the present rule masked. If it differs, an older hub wrote `masked`: readers
 * mask such a row themselves, and the scheduler writes it again. A later rule gets a new column, so that it masks all rows.
 * `former` holds the dossier's earlier applicants, sealed: its texts may still mention them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `ALTER TABLE dossiers ADD COLUMN mask_of int4 NOT NULL DEFAULT 0, ADD COLUMN former bytea, ADD COLUMN former_key int4`,
  `CREATE INDEX dossiers_stale_mask ON dossiers (code) WHERE mask_of <> version`,
];
