import type { Database } from '../database/pool.ts';
import { takeCalls } from '../ledger/party-states.ts';

/**
 * Limits a party's calls across all processes. Each process takes some calls at a time from the party's bucket in the
 * database, and waits while it is empty.
 *
 * @returns waits until one more call may begin; throws if the database is away
 */
export function createRateLimit(
  database: Database,
  party: string,
  perSecond: number,
  nowMs: () => number,
): () => Promise<void> {
  // A fifth of a second's worth: few statements, and no process keeps calls that another could make.
  const portion = Math.max(1, Math.floor(perSecond / 5));
  let left = 0;
  let turn: Promise<void> = Promise.resolve();

  async function next(): Promise<void> {
    while (left === 0) {
      left = await takeCalls(database, party, perSecond, portion, nowMs());
      if (left === 0) await new Promise((resolve) => setTimeout(resolve, Math.min(1_000 / perSecond, 1_000)));
    }
    left--;
  }

  return () => {
    turn = turn.catch(() => undefined).then(next);
    return turn;
  };
}
