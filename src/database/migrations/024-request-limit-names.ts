import { type Kysely, sql } from 'kysely';

/** Counters of look-ups and wrong proofs get the names that the code uses. The key is the name, a colon and a hash. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `UPDATE look_up_tries SET key = 'lookup' || substr(key, 7) WHERE starts_with(key, 'asking:')`,
  `UPDATE look_up_tries SET key = 'wrong-proof' || substr(key, 9) WHERE starts_with(key, 'guessing:')`,
];
