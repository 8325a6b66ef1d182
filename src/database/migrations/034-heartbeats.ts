import { type Kysely, sql } from 'kysely';

/**
 * A number that each process counts up every second. A replica that shows it has all commits that were acknowledged before. No
 * clock is compared.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw('CREATE TABLE heartbeats (process int8 NOT NULL PRIMARY KEY, number int8 NOT NULL, at timestamptz NOT NULL)')
    .execute(db);
}
