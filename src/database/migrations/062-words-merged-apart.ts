import { type Kysely, sql } from 'kysely';

/**
 * The hub merges new words into the search index in the background (index/merge-words.ts). A push merges them only where no
 * process does so in time: the list is then longer than the words of a thousand dossiers.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER INDEX dossiers_words SET (gin_pending_list_limit = 2048)`.execute(db);
}
