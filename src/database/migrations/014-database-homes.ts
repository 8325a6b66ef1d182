import { type Kysely, sql } from 'kysely';

/**
 * Where this database has been: which server, which database of it, which line of its history. A line that is not the newest
 * one's tells that it was put back from a backup, or that a stand-by took over; see ledger/homes.ts.
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
