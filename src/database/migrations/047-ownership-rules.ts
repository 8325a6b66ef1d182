import { type Kysely, sql } from 'kysely';

/**
 * The ownership rules of the settings, each from the moment at which a process first ran with them. A rebuild judges a message
 * by the rules of its time: otherwise it would refuse what the former owner of a handed-over agency sent.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('CREATE TABLE ownership_rules (since text COLLATE "C" PRIMARY KEY, rules jsonb NOT NULL)').execute(db);
}
