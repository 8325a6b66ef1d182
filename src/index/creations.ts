import type { Database } from '../database/pool.ts';

/** The item of a message that created a dossier. */
export interface Creation {
  readonly code: string;
  readonly messageId: string;
  readonly item: number;
}

/** Which of these dossiers were created by one of these messages. */
export async function loadCreations(
  { pool }: Pick<Database, 'pool'>,
  codes: readonly string[],
  messageIds: readonly string[],
): Promise<readonly Creation[]> {
  if (codes.length === 0) return [];
  const { rows } = await pool.query<Creation>({
    name: 'creations',
    // One probe each: see `known to`.
    text: `SELECT d.code, e.message_id AS "messageId", e.item FROM unnest($1::text[]) AS asked(code)
           JOIN dossiers d ON d.code = asked.code
           CROSS JOIN LATERAL (
             SELECT message_id, item FROM events WHERE code = d.code AND recorded_at >= d.created_at ORDER BY seq LIMIT 1) e
           WHERE e.message_id = ANY ($2::uuid[])`,
    values: [codes, messageIds],
  });
  return rows;
}
