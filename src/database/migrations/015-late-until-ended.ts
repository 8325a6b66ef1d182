import { type Kysely, sql } from 'kysely';

/** An ended dossier is counted with the moment from which it was late until then, so all dossiers are counted again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`UPDATE counted_state SET filled_to = '' WHERE EXISTS (SELECT 1 FROM counted)`).execute(db);
}
