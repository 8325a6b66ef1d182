import { type Kysely, sql } from 'kysely';

/** A list of a period alone takes the newest dossiers of each day (index/newest-of-days.ts). */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `CREATE INDEX dossiers_received_day ON dossiers (((received_at AT TIME ZONE 'Etc/GMT-7')::date), status_at DESC, code)`,
  'ANALYZE dossiers',
];
