import type { Queue } from './port.ts';

/** The queue of a hub of one process: a notification arrives in the next turn of the event loop. */
export function createInProcessQueue(): Queue {
  const notified = new Set<string>();
  let answer: ((party: string) => void) | undefined;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || !answer) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      const parties = [...notified];
      notified.clear();
      for (const party of parties) answer?.(party);
    });
  }

  return {
    async notify(parties) {
      for (const party of parties) notified.add(party);
      if (parties.length > 0) schedule();
    },
    async listen(handler) {
      answer = handler;
      schedule();
    },
    async close() {
      answer = undefined;
    },
  };
}
