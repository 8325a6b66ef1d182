import { type Kysely, sql } from 'kysely';

/** Stored events that differ from the expected ones, for operators. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Few events are in it, so it costs the others nothing, and lists and counts read no partition. */
  `CREATE INDEX events_anomalies ON events (recorded_at, code, seq) INCLUDE (party, anomaly) WHERE anomaly IS NOT NULL`,
];
