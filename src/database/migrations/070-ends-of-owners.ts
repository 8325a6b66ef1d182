import { type Kysely, sql } from 'kysely';

/**
 * Counts dossiers again where a party reported another status at the moment of the owner's: the index has that of the
 * owner, and the statistics had both.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    INSERT INTO recounts (code)
    SELECT DISTINCT code FROM events WHERE anomaly = 'same-time' AND shared IS NOT NULL`.execute(db);
}
