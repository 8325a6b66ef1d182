import { setTimeout as sleep } from 'node:timers/promises';
import type { AskHub } from '../clients/hub-client.ts';
import { readMetrics } from '../clients/hub-metrics.ts';
import { NotAcknowledged } from '../clients/until-acknowledged.ts';

const LOOK_MS = 300;
const LOOKS = 3;

/** Wait until nothing is due at the hub any more, but for what waits for a person. False when that takes too long. */
export async function waitForQuiet(
  ask: AskHub,
  {
    signal,
    limitMs,
    onLook,
  }: { readonly signal: AbortSignal; readonly limitMs: number; readonly onLook: (due: number) => void },
): Promise<boolean> {
  let quiet = 0;
  for (const until = performance.now() + limitMs; performance.now() < until; ) {
    const due = await dueNow(ask);
    onLook(due ?? 0);
    quiet = due === 0 ? quiet + 1 : 0;
    if (quiet === LOOKS) return true;
    await sleep(LOOK_MS, undefined, { signal });
  }
  return false;
}

/** Undefined while the hub is away. */
async function dueNow(ask: AskHub): Promise<number | undefined> {
  try {
    return (await readMetrics(ask)).sum('hub_deliveries', { state: 'due' });
  } catch (error) {
    if (error instanceof NotAcknowledged) return undefined;
    throw error;
  }
}
