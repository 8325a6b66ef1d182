import { batchCalls } from '../concurrency/batch-calls.ts';
import { isRefusal } from '../database/failures.ts';
import type { Database } from '../database/pool.ts';
import { type Settled, settleAll } from '../ledger/settle.ts';
import type { Vault } from '../secrets/vault.ts';

/** Writes the outcomes of attempts; concurrent calls share a statement. */
export function createSettle(database: Database, vault: Vault): (settled: readonly Settled[]) => Promise<void> {
  return batchCalls(
    async (lists: readonly (readonly Settled[])[]) => {
      await settleSplitting(database, vault, lists.flat());
      return lists.map(() => undefined);
    },
    { size: 200, maxRuns: 2, weigh: (settled) => settled.length },
  );
}

/** Splits a refused batch, so that one bad outcome cannot keep the others from being stored. */
async function settleSplitting(database: Database, vault: Vault, settled: readonly Settled[]): Promise<void> {
  try {
    await settleAll(database, vault, settled);
  } catch (error) {
    if (!isRefusal(error) || settled.length === 1) throw error;
    const half = Math.ceil(settled.length / 2);
    const halves = [settled.slice(0, half), settled.slice(half)];
    const done = await Promise.allSettled(halves.map((one) => settleSplitting(database, vault, one)));
    for (const one of done) if (one.status === 'rejected') throw one.reason;
  }
}
