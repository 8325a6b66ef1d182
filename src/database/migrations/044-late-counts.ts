import { type Kysely, sql } from 'kysely';

/**
 * Finds the dossiers of a line of a report that were ever late (statistics/dossiers-reader.ts): about one in twelve, so the index
 * takes 4 bytes of a dossier.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const WAS_LATE = ['766', 'opencps', 'td']
  .map((rule) => `late_${rule} IS NOT NULL OR grade_${rule} = 'late'`)
  .join(' OR ');

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `CREATE INDEX counted_late ON counted (cell, code) WHERE ${WAS_LATE}`,
  'ANALYZE counted',
];
