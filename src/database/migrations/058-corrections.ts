import { type Kysely, sql } from 'kysely';

/**
 * Events that a later one replaces, because officers corrected the code table by which its item was read. And the orders that
 * read the messages of the last days again after such a change.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  'ALTER TABLE events ADD COLUMN corrected_by int4',
  `CREATE TABLE corrections (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     change_id int8 NOT NULL REFERENCES mapping_changes,
     days int4 NOT NULL,
     who text NOT NULL,
     why text NOT NULL,
     at timestamptz NOT NULL,
     after_id uuid NOT NULL,
     before_id uuid NOT NULL,
     items int4 NOT NULL DEFAULT 0,
     ended_at timestamptz
   )`,
  'CREATE INDEX corrections_change ON corrections (change_id, id)',
  'CREATE INDEX corrections_open ON corrections (id) WHERE ended_at IS NULL',
];
