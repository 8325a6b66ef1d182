import { type Kysely, sql } from 'kysely';

/**
 * The search words of a dossier also say its agency, service, field, status, channel, owner and months, so that one index
 * intersects any filter with any name. Rows of older versions get these words in the background (index/reword.ts);
 * `rewording` has a row until then. The words take the place of two indexes, which pays for writing them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `DROP INDEX dossiers_agency, dossiers_service, dossiers_unfinished_due`,
  /* A list of overdue dossiers reads no rows but those that it shows. */
  `CREATE INDEX dossiers_open_due ON dossiers (due_at) INCLUDE (status_at, code)
     WHERE status IN ('submitted', 'received', 'processing', 'supplement-required', 'payment-required')`,
  /* \`after\` is the code of the last reworded dossier. */
  `CREATE TABLE rewording (after text COLLATE "C" NOT NULL)`,
  `INSERT INTO rewording SELECT '' WHERE EXISTS (SELECT FROM dossiers)`,
  /* The planner must know common words soon after a bulk load, and index-only scans need the visibility map. */
  `ALTER TABLE dossiers SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)`,
];
