import { type Kysely, sql } from 'kysely';

/** A cause has its code table and its code as members. Rows of earlier versions have them in the key alone. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  'ALTER TABLE quarantine ADD COLUMN cause_table text, ADD COLUMN cause_from text',
  `UPDATE quarantine SET cause_table = split_part(cause_key, ':', 2),
     cause_from = substr(cause_key, length('unmapped:') + length(split_part(cause_key, ':', 2)) + 2)
   WHERE cause_kind = 'unmapped' AND starts_with(cause_key, 'unmapped:')`,
];
