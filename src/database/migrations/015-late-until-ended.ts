import { type Kysely, sql } from 'kysely';

/** What has ended is counted with the moment from which it was late until then: all that was counted before is counted anew. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`UPDATE counted_state SET filled_to = '' WHERE EXISTS (SELECT 1 FROM counted)`).execute(db);
}
