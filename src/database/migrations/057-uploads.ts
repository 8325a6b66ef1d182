import { type Kysely, sql } from 'kysely';

/**
 * Uploaded files whose rows are being stored: a process that is killed meanwhile leaves its file to another one. And the own
 * names of files that repeat an earlier one, which has the messages.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE uploads (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     party text COLLATE "C" NOT NULL,
     receipt uuid NOT NULL,
     list text COLLATE "C" NOT NULL,
     place text COLLATE "C" NOT NULL,
     who text NOT NULL,
     file bytea NOT NULL,
     file_key int4 NOT NULL,
     stored int4 NOT NULL DEFAULT 0,
     token int4 NOT NULL DEFAULT 0,
     leased_until timestamptz NOT NULL,
     UNIQUE (party, receipt)
   )`,
  'ALTER TABLE dropped_files ADD COLUMN name bytea, ADD COLUMN name_key int4',
  'CREATE INDEX dropped_files_named ON dropped_files (id) WHERE name IS NOT NULL',
];
