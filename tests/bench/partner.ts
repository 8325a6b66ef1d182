import { join } from 'node:path';
import { startListening } from '../../src/cli/demo/child.ts';
import type { LedgerEntry } from '../../src/kit/simulator.ts';
import type { PartnerOrder, PartnerState, Taken } from './fast-partner.ts';
import { compare } from './ledger-check.ts';
import { startWorker } from './workers.ts';

/** The stand-in of a fast partner, in a process of its own, with a book of what it took. */
export interface Partner {
  readonly url: string;
  /** Whether it took each of these dossiers once and nothing else. */
  problems(acknowledged: readonly string[]): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function startPartner(folder: string): Promise<Partner> {
  const { child, url } = await startListening({
    script: 'src/kit/run-simulator.ts',
    args: ['one-stop'],
    logFile: join(folder, 'partner.log'),
    onLine: () => undefined,
  });
  return {
    url,
    async problems(acknowledged) {
      const reply = await fetch(`${url}/__simulator/ledger`);
      const { entries } = (await reply.json()) as { entries: readonly LedgerEntry[] };
      const taken = new Map<string, number>();
      for (const { key, count } of entries) taken.set(key, (taken.get(key) ?? 0) + count);
      const held = [...taken].map(([code, times]) => ({ code, times }));
      return compare('the partner', held, acknowledged);
    },
    stop: () => child.stop(),
  };
}

/** A partner that costs next to nothing, in a process of its own; see fast-partner.ts. */
export interface FastPartner extends Partner {
  taken(): Promise<readonly Taken[]>;
  /** How much it took by now, and between which moments. */
  count(): Promise<{ readonly count: number; readonly firstAtMs: number; readonly lastAtMs: number }>;
  /** From now on its address is nobody's. */
  leave(): Promise<void>;
}

export async function startFastPartner(): Promise<FastPartner> {
  const worker = startWorker<PartnerOrder, PartnerState>('fast-partner.ts');
  const { url } = (await worker.ask('open')) as { url: string };
  const taken = async (): Promise<readonly Taken[]> =>
    ((await worker.ask('taken')) as { taken: readonly Taken[] }).taken;
  return {
    url,
    taken,
    count: () => worker.ask('count') as ReturnType<FastPartner['count']>,
    problems: async (acknowledged) => compare('the partner', await taken(), acknowledged),
    leave: async () => void (await worker.ask('leave')),
    stop: async () => worker.stop(),
  };
}
