import { setTimeout as sleep } from 'node:timers/promises';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import { readMetrics } from '../clients/hub-metrics.ts';
import { NotAcknowledged } from '../clients/until-acknowledged.ts';

const LOOK_MS = 300;
/** The hub counts as idle only after several checks: a settled delivery may lead to another. */
const LOOKS = 4;

export interface IdleOptions {
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly onLook: (waitsFor: string) => void;
}

/**
 * Waits until the hub has no work left. Items that wait for a person do not count.
 * @returns the remaining work at the time limit
 */
export async function waitUntilIdle(ask: AskHub, opsKey: string, options: IdleOptions): Promise<readonly string[]> {
  let waitsFor: readonly string[] = [];
  let looks = 0;
  for (const until = performance.now() + options.limitMs; performance.now() < until; ) {
    waitsFor = await workLeft(ask, opsKey);
    options.onLook(waitsFor.join(', ') || 'no work is left, looking again');
    looks = waitsFor.length === 0 ? looks + 1 : 0;
    if (looks === LOOKS) return [];
    await sleep(LOOK_MS, undefined, { signal: options.signal });
  }
  return waitsFor;
}

async function workLeft(ask: AskHub, opsKey: string): Promise<readonly string[]> {
  try {
    const due = (await readMetrics(ask)).sum('hub_deliveries', { state: 'due' });
    // The metrics are empty while the database is down; this request fails then.
    const { items } = await getJson<{ items: readonly { readonly items: number }[] }>(
      ask,
      '/api/v1/ops/quarantine?kind=dossier-unknown&limit=200',
      opsKey,
    );
    const early = items.reduce((sum, cause) => sum + cause.items, 0);
    return [
      ...(due > 0 ? [`${due} deliveries are due`] : []),
      ...(early > 0 ? [`${early} steps came before their dossier`] : []),
    ];
  } catch (error) {
    if (error instanceof NotAcknowledged) return ['the hub is away'];
    throw error;
  }
}
