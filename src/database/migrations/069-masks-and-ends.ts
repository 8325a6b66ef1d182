import { type Kysely, sql } from 'kysely';

/**
 * Marks what newer rules read otherwise.
 *
 * - Texts of citizens with numbers or e-mail addresses in unusual characters, which stood there in clear: full-width ones,
 *   blanks and dashes of word processors, the underscores of file names, and `%40` (core/masking). A text without
 *   such a number may be marked too, and stays the same.
 * - Returned dossiers that were stopped or withdrawn before: their end has another grade (core/statistics).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/** Each character stands for itself in the expression. */
const BETWEEN_DIGITS = '_\u2000-\u200a\u202f\u205f\u3000\u2010-\u2015\u2212';
const UNUSUAL = `[\uff10-\uff19\uff20]|[0-9)][${BETWEEN_DIGITS}][0-9(]|[${BETWEEN_DIGITS}][+0-9][0-9]{8}|[0-9]{9}[${BETWEEN_DIGITS}]|%40`;

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `UPDATE records SET masked_version = 0 WHERE masked ~ '${UNUSUAL}'`,
  `INSERT INTO recounts (code)
     SELECT code FROM dossiers d WHERE status = 'returned' AND EXISTS (
       SELECT FROM events e WHERE e.code = d.code AND e.recorded_at >= d.created_at AND e.status IN ('stopped', 'withdrawn'))`,
];
