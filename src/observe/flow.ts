import type { Database } from '../database/pool.ts';
import { addFlow, forgetOldFlow } from '../ledger/flow-totals.ts';
import type { FlowCounter } from './metrics/flow-counter.ts';

/** Stores the counts of this process. */
export interface FlowKeeper {
  start(): void;
  /** Stores what is counted so far. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

interface KeeperContext {
  readonly database: Database;
  readonly nowMs: () => number;
  readonly telemetry: { readonly flow: FlowCounter; failed(where: string, error: unknown): void };
}

const EVERY_MS = 5_000;
const FORGET_EVERY_MS = 60_000;

/** A process that dies loses the counts of its last seconds. They are for people to look at, not for accounts. */
export function createFlowKeeper({ database, nowMs, telemetry }: KeeperContext): FlowKeeper {
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let forgottenMs = Number.NEGATIVE_INFINITY;

  async function store(): Promise<void> {
    const counts = telemetry.flow.take();
    if (counts.length > 0) await addFlow(database, counts);
    // A process that ends leaves this to the others.
    if (timer === undefined || nowMs() < forgottenMs + FORGET_EVERY_MS) return;
    forgottenMs = nowMs();
    await forgetOldFlow(database, forgottenMs);
  }

  function flush(): Promise<void> {
    flushing = flushing.then(store).catch((error) => telemetry.failed('flow', error));
    return flushing;
  }

  return {
    start() {
      timer = setInterval(() => void flush(), EVERY_MS);
      timer.unref();
    },
    flush,
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await flush();
    },
  };
}
