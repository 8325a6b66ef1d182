import { type Kysely, sql } from 'kysely';

/**
 * How many messages came from each party and how many attempts went to it, by minute and by hour. The overview and the
 * pages of parties read these instead of counting messages and attempts.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `CREATE TABLE flow_totals (
         span text COLLATE "C" NOT NULL,
         party text COLLATE "C" NOT NULL,
         since timestamptz NOT NULL,
         direction text COLLATE "C" NOT NULL,
         result text NOT NULL,
         within_ms int4 NOT NULL,
         many int8 NOT NULL,
         PRIMARY KEY (span, party, since, direction, result, within_ms)
       ) WITH (fillfactor = 70)`,
    )
    .execute(db);
}
