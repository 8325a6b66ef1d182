import { type Kysely, sql } from 'kysely';

/** A dossier is counted alike, told in one message or in several, so all dossiers are counted again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`UPDATE counted_state SET filled_to = '' WHERE EXISTS (SELECT 1 FROM counted)`).execute(db);
}
