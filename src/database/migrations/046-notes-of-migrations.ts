import { type Kysely, sql } from 'kysely';

/**
 * What each migration changed, and what a process of an older version would do wrong on its tables. A version that finds
 * migrations which it does not know reads them here, and starts only if each has a `change` and no `stop_older`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`ALTER TABLE hub_migrations ADD COLUMN IF NOT EXISTS change text, ADD COLUMN IF NOT EXISTS stop_older text`)
    .execute(db);
}
