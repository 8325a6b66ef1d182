import type { Database } from '../database/pool.ts';
import { AWAY_AFTER_MS, beginRun, continueRun, endRun } from '../ledger/process-runs.ts';

/** Reports to the database that this process runs. Reports count availability by it. */
export interface Uptime {
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface UptimeContext {
  readonly database: Database;
  readonly nowMs: () => number;
  readonly telemetry: { failed(where: string, error: unknown): void };
}

const EVERY_MS = 30_000;

/** A write each 30 s. A process that cannot write is not available: it can store no message either. */
export function createUptime({ database, nowMs, telemetry }: UptimeContext, roles: readonly string[]): Uptime {
  let id: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let beating: Promise<void> = Promise.resolve();

  async function beat(): Promise<void> {
    if (id !== undefined && (await continueRun(database, id, nowMs(), AWAY_AFTER_MS))) return;
    id = await beginRun(database, roles, nowMs());
  }

  function beatOnce(): Promise<void> {
    beating = beat().catch((error) => telemetry.failed('uptime', error));
    return beating;
  }

  return {
    async start() {
      await beatOnce();
      clearInterval(timer);
      timer = setInterval(() => void beating.then(beatOnce), EVERY_MS);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await beating;
      if (id !== undefined) await endRun(database, id, nowMs()).catch((error) => telemetry.failed('uptime', error));
    },
  };
}
