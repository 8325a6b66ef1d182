import { type Kysely, sql } from 'kysely';

/**
 * The facts of a dossier that reports count beside its times, as bits (core/statistics/facts.ts). A report of a period reads the
 * indexes alone. All dossiers are counted again to fill the column.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `ALTER TABLE counted ADD COLUMN facts int4 NOT NULL DEFAULT 0`,
  `CREATE INDEX counted_began ON counted (began_766) INCLUDE (cell, facts) WHERE began_766 IS NOT NULL`,
  `CREATE INDEX counted_ended ON counted (ended_766) INCLUDE (cell, facts) WHERE ended_766 IS NOT NULL`,
  `UPDATE counted_state SET filled_to = '' WHERE EXISTS (SELECT 1 FROM counted)`,
];
