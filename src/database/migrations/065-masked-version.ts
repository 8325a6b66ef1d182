import { type Kysely, sql } from 'kysely';

/**
 * The version of the record that the present rule masked: numbers in groups are masked in the texts of citizens. It replaces
 * `mask_of` (030), which stays for hubs of the version before until the upgrade ends. A later rule gets a new column.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  'ALTER TABLE records ADD COLUMN masked_version int4 NOT NULL DEFAULT 0',
  'CREATE INDEX records_stale_masks ON records (subject) WHERE masked_version <> version',
  // Without a writer of `mask_of`, it would hold every record.
  'DROP INDEX records_stale_mask',
];
