import { type Kysely, sql } from 'kysely';

/**
 * Hashes of personal data and the words of names are keyed from here on. Older rows are keyed in the background
 * (database/rekey.ts), because millions of them would hold up the start; this table says how far that came.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* \`after\` is the key of the last row that was looked at; \`unopened\` counts rows whose secret is not given. */
  `CREATE TABLE rekeying (
     table_name text COLLATE "C" PRIMARY KEY,
     after text[],
     looked int8 NOT NULL DEFAULT 0,
     unopened int8 NOT NULL DEFAULT 0,
     ended_at timestamptz
   )`,
  /* Under keyed names nothing of this counts any more, and an address is soon guessed from its hash. */
  `DELETE FROM look_up_tries`,
  ...['dossiers', 'events', 'messages', 'idempotency_keys'].map(
    (table) => `INSERT INTO rekeying (table_name) SELECT '${table}' WHERE EXISTS (SELECT FROM ${table})`,
  ),
];
