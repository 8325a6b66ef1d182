import { type Kysely, sql } from 'kysely';

/** Rows that are written again and again are cleaned up as they come, not when a fifth of a growing table is dead. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/* By the usual settings a soak of 14 minutes left 1.6 million dead rows beside 0.9 million deliveries, and more with time. */
const OFTEN = `autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 2000`;

const STATEMENTS = [`ALTER TABLE deliveries SET (${OFTEN})`, `ALTER TABLE dossiers SET (${OFTEN})`];
