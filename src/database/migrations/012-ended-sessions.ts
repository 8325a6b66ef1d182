import { type Kysely, sql } from 'kysely';

/** Sessions of the console that officers have ended: a copy of the cookie opens nothing any more, in no process. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* The hash of what only the session's cookie holds, until the cookie would be over anyway. */
  `CREATE TABLE ended_sessions (
     hash bytea PRIMARY KEY,
     expires_at timestamptz NOT NULL
   )`,
];
