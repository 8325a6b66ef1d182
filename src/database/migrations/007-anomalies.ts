import { type Kysely, sql } from 'kysely';

/** What operators ask of the history: what was kept and is not what is expected. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Few events are in it: it costs the others nothing, and lists and counts touch no month. */
  `CREATE INDEX events_anomalies ON events (recorded_at, code, seq) INCLUDE (party, anomaly) WHERE anomaly IS NOT NULL`,
];
