import { type Kysely, sql } from 'kysely';

/** Marks the masked copies of records that were reported several times: their texts may mention people of earlier reports. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  'UPDATE records SET masked_version = 0 WHERE version > 1',
];
