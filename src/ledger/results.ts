import type { Database } from '../database/pool.ts';
import type { ItemResult } from './messages.ts';

export interface MessageResults {
  readonly id: string;
  readonly results: readonly ItemResult[];
}

/** The results of all messages of a party with a receipt, in the order in which they were stored. */
export async function loadResults(
  { pool }: Pick<Database, 'pool'>,
  party: string,
  receipt: string,
): Promise<readonly MessageResults[]> {
  const { rows } = await pool.query<MessageResults>({
    name: 'results of receipt',
    text: 'SELECT id, results FROM messages WHERE receipt = $1 AND party = $2 ORDER BY id',
    values: [receipt, party],
  });
  return rows;
}

/** How many items the messages of a party with a receipt have. */
export async function countResults({ pool }: Pick<Database, 'pool'>, party: string, receipt: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>({
    name: 'count results',
    text: `SELECT coalesce(sum(json_array_length(results)), 0)::int8 AS count FROM messages
           WHERE receipt = $1 AND party = $2`,
    values: [receipt, party],
  });
  return rows[0]?.count ?? 0;
}
