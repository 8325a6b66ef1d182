import { type Kysely, sql } from 'kysely';

/** When each party is compared with next, which process does it, and what the last comparison came to. */
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
