import { type Kysely, sql } from 'kysely';

/**
 * The history of this database: its server, its database id and its timeline. An older timeline reveals a restored backup or a
 * failover; see ledger/database-identity.ts.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE database_homes (
     id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     home text COLLATE "C" NOT NULL,
     since timestamptz NOT NULL,
     /* Where it was put back: the newest message that is there, and until when the partners may know more than we. */
     newest_at timestamptz,
     doubtful_until timestamptz
   )`,
];
