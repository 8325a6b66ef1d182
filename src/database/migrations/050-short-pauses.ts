import { type Kysely, sql } from 'kysely';

/**
 * The insert that fills a GIN index's list of pending entries also merges the list. At 512 KB it paused for up to 70 ms of processor
 * time, with dossiers of other requests behind it. At 128 KB the merge takes 20 ms, and all merges together cost the same: 85 ms for
 * 1,000 rows beside 300,000 (89 ms before). At 64 KB they begin to cost more: 100 ms.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const index of ['dossiers_search', 'records_search', 'counted_changes'])
    await sql`ALTER INDEX ${sql.id(index)} SET (gin_pending_list_limit = 128)`.execute(db);
}
