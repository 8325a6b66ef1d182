import { type Kysely, sql } from 'kysely';

/**
 * When a scheduler counted dossiers for the statistics, and since when it has done so without a pause: in a flood readers leave
 * the counting to it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE counted_state ADD COLUMN scheduled_at timestamptz, ADD COLUMN scheduled_since timestamptz`.execute(
    db,
  );
}
