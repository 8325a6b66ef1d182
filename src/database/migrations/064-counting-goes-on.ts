import { type Kysely, sql } from 'kysely';

/** When a scheduler counted dossiers for the statistics: while it does so, readers leave the counting to it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE counted_state ADD COLUMN scheduled_at timestamptz`.execute(db);
}
