import { type Kysely, sql } from 'kysely';

/**
 * The search index keeps words apart by the time of the present status (index/search-days.ts): each begins with the number
 * of eight periods of ten days. A search looks from the newest time on until its page is full, however many years follow.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `CREATE INDEX dossiers_words ON dossiers USING gin ((replace(' ' || search::text, ' ''',
     ' ''' || ((status_at AT TIME ZONE 'UTC')::date - '1970-01-01'::date + 120000) / 80)::tsvector))
     WITH (fastupdate = on, gin_pending_list_limit = 128)`,
  /* Dossiers in work by their status. A new one is often in no other order: at night and on holidays nothing is received. */
  `CREATE INDEX dossiers_open ON dossiers (status, status_at DESC, code)
     WHERE status IN ('submitted', 'received', 'processing', 'supplement-required', 'payment-required')`,
  'DROP INDEX dossiers_search',
  'ANALYZE dossiers',
];
