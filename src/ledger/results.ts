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
