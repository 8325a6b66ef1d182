import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchDatabase } from './databases.ts';

const LOOK_MS = 100;

/**
 * Waits until nothing is due.
 * @returns what is wrong if that fails, or a delivery ended otherwise than delivered
 */
export async function drain(database: BenchDatabase, withinMs = 60_000): Promise<readonly string[]> {
  for (const until = performance.now() + withinMs; await isDue(database); await sleep(LOOK_MS))
    if (performance.now() > until) return [`not drained in ${withinMs / 1000} s: ${await whatIsLeft(database)}`];
  const lost = await countDeliveries(database, `state <> 'delivered'`);
  return lost > 0 ? [`${lost} deliveries ended without being delivered`] : [];
}

async function whatIsLeft(database: BenchDatabase): Promise<string> {
  const left = await database.rows<{ n: number; reason: string | null; detail: string | null }>(
    `SELECT count(*)::int AS n, reason, min(detail) AS detail FROM deliveries WHERE state IN ('due', 'held') GROUP BY reason`,
  );
  return left.map(({ n, reason, detail }) => `${n} are left: ${reason ?? 'not tried'} (${detail ?? ''})`).join('; ');
}

/** Not by counting, which would read the whole backlog again and again. */
async function isDue(database: BenchDatabase): Promise<boolean> {
  const [row] = await database.rows<{ due: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM deliveries WHERE state IN ('due', 'held')) AS due`,
  );
  return row?.due ?? false;
}

export async function countDeliveries(database: BenchDatabase, condition: string): Promise<number> {
  const [row] = await database.rows<{ n: number }>(`SELECT count(*)::int AS n FROM deliveries WHERE ${condition}`);
  return row?.n ?? 0;
}
