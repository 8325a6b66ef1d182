import { type Kysely, sql } from 'kysely';

/**
 * `mask_of` is the version of the dossier that the present rule masked. Where it is another one, an older hub wrote
 * `masked`: readers mask such a row themselves, and the scheduler writes it again. A later rule gets a new column, so that
 * all rows are masked by it.
 *
 * `former` holds, sealed, the people whom the dossier named as its applicant before: its texts may still speak of them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `ALTER TABLE dossiers ADD COLUMN mask_of int4 NOT NULL DEFAULT 0, ADD COLUMN former bytea, ADD COLUMN former_key int4`,
  `CREATE INDEX dossiers_stale_mask ON dossiers (code) WHERE mask_of <> version`,
];
