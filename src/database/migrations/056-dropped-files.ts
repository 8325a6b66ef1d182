import { type Kysely, sql } from 'kysely';

/** The files of parties that send tables: what became of each. Their names and rows are in their messages. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE dropped_files (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     party text COLLATE "C" NOT NULL,
     list text COLLATE "C" NOT NULL,
     receipt uuid NOT NULL,
     at timestamptz NOT NULL,
     place text COLLATE "C" NOT NULL,
     who text,
     outcome text COLLATE "C" NOT NULL,
     counts json NOT NULL
   )`,
  'CREATE INDEX dropped_files_party ON dropped_files (party, id)',
];
