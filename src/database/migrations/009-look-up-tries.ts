import { type Kysely, sql } from 'kysely';

/**
 * Recent look-ups of citizens, counted by a hash of the client or the dossier: all processes count together. The form is that
 * of rate-limiter-flexible. Unlogged: after a crash the counts begin at 0.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw('CREATE UNLOGGED TABLE look_up_tries (key varchar(255) PRIMARY KEY, points integer NOT NULL, expire bigint)')
    .execute(db);
}
