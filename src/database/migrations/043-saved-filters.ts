import { type Kysely, sql } from 'kysely';

/** Filters of lists that an officer saved under a name, by the officer's key. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `CREATE TABLE saved_filters (
         key_id text COLLATE "C" NOT NULL,
         list text COLLATE "C" NOT NULL,
         name text NOT NULL,
         query text NOT NULL,
         saved_at timestamptz NOT NULL,
         PRIMARY KEY (key_id, list, name)
       )`,
    )
    .execute(db);
}
