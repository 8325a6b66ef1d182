import { setTimeout as sleep } from 'node:timers/promises';
import type { Day } from './day.ts';
import type { Push, Thread } from './events.ts';

export interface SendOptions {
  readonly send: (push: Push) => Promise<void>;
  readonly signal: AbortSignal;
  /** Minimum length of the day; a slow machine takes longer. */
  readonly dayMs: number;
  readonly onSent: (items: number) => void;
}

/** Concurrent requests: as many as a few busy systems have. */
const AT_ONCE = 12;

/** Plays the day: each thread starts at its time and sends its requests one after another. */
export async function sendDay({ threads }: Day, options: SendOptions): Promise<void> {
  const began = performance.now();
  const waiting = [...threads];
  const sender = async (): Promise<void> => {
    for (let thread = waiting.shift(); thread; thread = waiting.shift()) {
      const earlyMs = began + thread.startsAt * options.dayMs - performance.now();
      if (earlyMs > 0) await sleep(earlyMs, undefined, { signal: options.signal });
      await sendThread(thread, options);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
}

async function sendThread({ pushes }: Thread, { send, onSent }: SendOptions): Promise<void> {
  for (const push of pushes) {
    await send(push);
    onSent(push.events.length);
  }
}

export function itemsOf({ threads }: Day): number {
  return threads.reduce((sum, { pushes }) => sum + pushes.reduce((items, { events }) => items + events.length, 0), 0);
}
