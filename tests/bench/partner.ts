import { join } from 'node:path';
import { startListening } from '../../src/cli/demo/child.ts';
import type { LedgerEntry } from '../../src/kit/simulator.ts';
import { compare } from './ledger-check.ts';

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
