import { type Kysely, sql } from 'kysely';

/**
 * How often citizens' look-ups were tried of late, by a hash of whom or what: all processes count together. The form is
 * that of rate-limiter-flexible. Unlogged: after a crash the counting begins anew.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw('CREATE UNLOGGED TABLE look_up_tries (key varchar(255) PRIMARY KEY, points integer NOT NULL, expire bigint)')
    .execute(db);
}
