import { type Kysely, sql } from 'kysely';

/**
 * When each process of the hub ran, for the report on availability; and what operators state about incidents, for the report on
 * incidents. The newest statement about an incident counts.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE process_runs (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     roles text[] NOT NULL,
     started_at timestamptz NOT NULL,
     seen_at timestamptz NOT NULL,
     ended_at timestamptz
   ) WITH (fillfactor = 50)`,
  `CREATE TABLE incident_notes (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     incident_id int8 NOT NULL REFERENCES incidents,
     at timestamptz NOT NULL,
     who text NOT NULL,
     cause text,
     action text NOT NULL
   )`,
  `CREATE INDEX incident_notes_incident ON incident_notes (incident_id, id)`,
];
