import { setTimeout as sleep } from 'node:timers/promises';
import type { Push } from '../day/events.ts';
import { type Paying, payAndNotify } from '../day/paying.ts';

/** Citizens who pay at the platform while load and faults go on. */
export interface Payers {
  /** Begins to pay what an acknowledged push asks for. */
  notice(push: Push): void;
  /** Waits for all of them. @returns what is wrong at the time limit */
  done(limitMs: number): Promise<readonly string[]>;
}

/** Every tenth payment comes with a forged notification. */
const FORGED = 10;

export function createPayers(paying: Paying): Payers {
  const underWay = new Map<string, Promise<void>>();
  const wrong: string[] = [];
  let begun = 0;
  const pay = async (reference: string): Promise<void> => {
    const isForged = begun++ % FORGED === 0;
    wrong.push(...(await payAndNotify(paying, reference, { until: Number.POSITIVE_INFINITY, isForged })));
    underWay.delete(reference);
  };
  return {
    notice(push) {
      if (push.door !== 'records') return;
      for (const { kind, state, code } of push.events)
        if (kind === 'payment' && state === 'requested' && !underWay.has(code)) {
          const paid = pay(code);
          underWay.set(code, paid);
          paid.catch((error: Error) => wrong.push(`${code}: ${error.message}`));
        }
    },
    async done(limitMs) {
      await Promise.race([Promise.allSettled(underWay.values()), sleep(limitMs, undefined, { ref: false })]);
      return [...wrong, ...[...underWay.keys()].map((code) => `${code}: it was not paid in time`)];
    },
  };
}
