import { type Kysely, sql } from 'kysely';

/** The working calendar by which dossiers were counted: with another one, terms of services end on other days. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE counted_state ADD COLUMN calendar text`.execute(db);
}
