import { type Kysely, sql } from 'kysely';

/** The state of each partner as a whole: paused or not, remaining calls, incidents. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* \`calls\` and \`refilled_at\` are the token bucket that all processes share. */
  `CREATE TABLE party_states (
     party text COLLATE "C" PRIMARY KEY,
     paused_at timestamptz,
     paused_by text,
     calls float8 NOT NULL DEFAULT 0,
     refilled_at timestamptz NOT NULL DEFAULT '-infinity'
   )`,
  `CREATE INDEX deliveries_leased ON deliveries (party) WHERE leased_by IS NOT NULL`,

  /* Each process has its own breaker; the table stores the newest state of each for operators. */
  `CREATE TABLE breakers (
     party text COLLATE "C" NOT NULL,
     process text NOT NULL,
     state text NOT NULL,
     since timestamptz NOT NULL,
     PRIMARY KEY (party, process)
   )`,

  /* One row is one alert: while it is open, the same cause opens no other. */
  `CREATE TABLE incidents (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     party text COLLATE "C" NOT NULL,
     kind text COLLATE "C" NOT NULL,
     cause text NOT NULL,
     opened_at timestamptz NOT NULL,
     closed_at timestamptz,
     alerted_at timestamptz
   )`,
  `CREATE UNIQUE INDEX incidents_open ON incidents (party, kind) WHERE closed_at IS NULL`,
  `CREATE INDEX incidents_untold ON incidents (id) WHERE alerted_at IS NULL`,
];
