import { type Kysely, sql } from 'kysely';

/**
 * What the hub says is kept as a code with arguments too, so that it can be shown in Vietnamese. The English sentence stays
 * beside it. Rows of earlier versions have none.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  ...['attempts', 'deliveries', 'quarantine', 'incidents'].map((table) => `ALTER TABLE ${table} ADD COLUMN words json`),
  'ALTER TABLE pulls ADD COLUMN error_words json',
  'ALTER TABLE party_health ADD COLUMN error_words json',
];
