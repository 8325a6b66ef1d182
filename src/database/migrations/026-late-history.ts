import { type Kysely, sql } from 'kysely';

/**
 * Dossiers to be counted again although the change feed does not report them (index/recounts.ts). The counting rules changed
 * too, so all dossiers are counted again.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE recounts (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     code text COLLATE "C" NOT NULL
   )`,
  `UPDATE counted_state SET filled_to = '' WHERE EXISTS (SELECT 1 FROM counted)`,
];
