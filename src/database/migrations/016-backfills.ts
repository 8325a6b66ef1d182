import { type Kysely, sql } from 'kysely';

/** A run that tells a party what it was never told goes through the index in the order of the codes: how far it came. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`ALTER TABLE replays ADD COLUMN after_code text COLLATE "C" NOT NULL DEFAULT ''`).execute(db);
}
