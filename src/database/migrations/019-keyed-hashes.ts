import { type Kysely, sql } from 'kysely';

/**
 * From here on hashes of personal data and the words of names are keyed. Older rows are keyed in the background
 * (database/rekey.ts), because millions of them would delay the start; this table stores the progress.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* \`after\` is the key of the last row read; \`unopened\` counts rows whose secret is missing. */
  `CREATE TABLE rekeying (
     table_name text COLLATE "C" PRIMARY KEY,
     after text[],
     looked int8 NOT NULL DEFAULT 0,
     unopened int8 NOT NULL DEFAULT 0,
     ended_at timestamptz
   )`,
  /* Old counts do not fit the keyed names, and an address is easily guessed from its plain hash. */
  `DELETE FROM look_up_tries`,
  ...['dossiers', 'events', 'messages', 'idempotency_keys'].map(
    (table) => `INSERT INTO rekeying (table_name) SELECT '${table}' WHERE EXISTS (SELECT FROM ${table})`,
  ),
];
