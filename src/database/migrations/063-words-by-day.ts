import { type Kysely, sql } from 'kysely';

/**
 * The search index has also words for the day of the present status and for ten days of reception (index/search-days.ts), so a
 * search looks into few days where many dossiers match. Both come from columns, so no row is written. Open dossiers have an
 * index by the day of their status, which finds the overdue ones of each day.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const DAY = `((status_at AT TIME ZONE 'UTC')::date - '1970-01-01'::date + 120000)`;
const RECEIVED = `((received_at AT TIME ZONE 'Etc/GMT-7')::date - '1970-01-01'::date)`;
const OPEN = `status IN ('submitted', 'received', 'processing', 'supplement-required', 'payment-required')`;

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `CREATE INDEX dossiers_words_by_day ON dossiers USING gin ((replace(
     ' ' || search::text || ' ''=D' || ${DAY} % 80 || '''' || coalesce(' ''=E' || ${RECEIVED} / 10 || '''', ''),
     ' ''', ' ''' || ${DAY} / 80)::tsvector))
     WITH (fastupdate = on, gin_pending_list_limit = 2048)`,
  `CREATE INDEX dossiers_open_days ON dossiers (${DAY}, due_at) INCLUDE (status_at, code) WHERE ${OPEN}`,
  /* Lists of overdue dossiers read it no longer, so it needs no other columns. */
  `CREATE INDEX dossiers_open_deadlines ON dossiers (due_at) WHERE ${OPEN}`,
  'ANALYZE dossiers',
  /* Last, because readers wait from here on. */
  'DROP INDEX dossiers_words, dossiers_open_due',
  'ALTER INDEX dossiers_words_by_day RENAME TO dossiers_words',
  'ALTER INDEX dossiers_open_deadlines RENAME TO dossiers_open_due',
];
