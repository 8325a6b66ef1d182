import { type Kysely, sql } from 'kysely';

/** The next comparison with each party, the process that runs it, and the last result. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `CREATE TABLE reconciles (
         party text COLLATE "C" PRIMARY KEY,
         next_at timestamptz NOT NULL,
         token int8 NOT NULL DEFAULT 0,
         leased_until timestamptz,
         last_at timestamptz,
         agreed int4,
         judged int4,
         last_error text
       )`,
    )
    .execute(db);
}
