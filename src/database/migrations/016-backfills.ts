import { type Kysely, sql } from 'kysely';

/** A backfill walks through the index in the order of the codes; this column is its progress. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`ALTER TABLE replays ADD COLUMN after_code text COLLATE "C" NOT NULL DEFAULT ''`).execute(db);
}
