import { type Kysely, sql } from 'kysely';

/** Console sessions that officers have ended: no process accepts a copy of the cookie any more. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* The hash of a value that only the session's cookie holds, until the cookie would expire anyway. */
  `CREATE TABLE ended_sessions (
     hash bytea PRIMARY KEY,
     expires_at timestamptz NOT NULL
   )`,
];
