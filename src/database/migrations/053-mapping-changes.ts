import { type Kysely, sql } from 'kysely';

/**
 * Changes of code tables, from the draft to the decision of a second officer. A line that is taken out keeps its meaning beside
 * the mark: an older process that does not know the mark reads as before the change, and blanks nothing.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  'ALTER TABLE code_entries ADD COLUMN taken_out bool NOT NULL DEFAULT false',
  `CREATE TABLE mapping_changes (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     party text COLLATE "C" NOT NULL,
     table_name text COLLATE "C" NOT NULL,
     base_version int4 NOT NULL,
     back_to int4,
     lines jsonb NOT NULL,
     state text COLLATE "C" NOT NULL,
     who text NOT NULL,
     why text NOT NULL,
     at timestamptz NOT NULL,
     effect jsonb,
     asked_by text,
     asked_at timestamptz,
     decided_by text,
     decided_why text,
     decided_at timestamptz,
     version int4
   )`,
  'CREATE INDEX mapping_changes_table ON mapping_changes (party, table_name, id)',
];
