import type pg from 'pg';
import { definePart, insertInto } from '../database/parts.ts';

/**
 * Dossiers with a recorded event that the change feed does not report: a late one that leaves the current state as it
 * is. The statistics count these dossiers again. Rows are only added, so that no sender waits for the counting.
 */
export const recountPart = definePart<string>(
  'recount',
  { code: ['text', (code) => code] },
  insertInto('recounts', ['code']),
);

/** Marks dossiers to be counted again, in the caller's transaction. */
export async function addRecounts(tx: pg.PoolClient, codes: readonly string[]): Promise<void> {
  await tx.query('INSERT INTO recounts (code) SELECT unnest($1::text[])', [codes]);
}

/** Takes marked dossiers, the oldest marks first. The marks come back if the transaction fails. */
export async function takeRecounts(tx: pg.PoolClient, limit: number): Promise<readonly string[]> {
  const { rows } = await tx.query<{ code: string }>({
    name: 'take recounts',
    text: `DELETE FROM recounts WHERE id IN (SELECT id FROM recounts ORDER BY id LIMIT $1) RETURNING code`,
    values: [limit],
  });
  return rows.map(({ code }) => code);
}
