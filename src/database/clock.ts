import { performance } from 'node:perf_hooks';
import type { Database } from './pool.ts';

/** The database's time for all processes of the hub: one clock decides when a lease ends. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** How far this machine's clock was ahead of the database's at the last comparison. */
  readonly aheadMs: () => number;
  /** Compares the clocks now. Without an answer from the database the time runs on unchanged. */
  readonly compare: () => Promise<void>;
  close(): void;
}

const COMPARE_EVERY_MS = 60_000;
/** After such a jump the machine's clock was set or the machine slept, so the comparison no longer holds. */
const JUMP_MS = 1_000;
const TRIES = 3;

/**
 * Follows the database's clock. Between two comparisons it counts the machine's ticks, so setting the machine's clock moves
 * nothing. A jump of that clock causes a comparison at once.
 * @param machineMs this machine's time
 */
export async function databaseClock(database: Database, machineMs: () => number): Promise<Clock> {
  let last = await measure(database, machineMs);
  let comparing: Promise<void> | undefined;
  const elapsedMs = (): number => performance.now() - last.tickMs;
  const compare = (): Promise<void> => {
    comparing ??= measure(database, machineMs)
      .then((measured) => {
        last = measured;
      })
      // The next database call reports the error itself; the next comparison is at most a minute away.
      .catch(() => undefined)
      .finally(() => {
        comparing = undefined;
      });
    return comparing;
  };
  const timer = setInterval(compare, COMPARE_EVERY_MS).unref();
  return {
    nowMs() {
      const elapsed = elapsedMs();
      if (!comparing && Math.abs(machineMs() - last.machineMs - elapsed) > JUMP_MS) void compare();
      return Math.round(last.databaseMs + elapsed);
    },
    aheadMs: () => last.machineMs - last.databaseMs,
    compare,
    close: () => clearInterval(timer),
  };
}

interface Measured {
  readonly databaseMs: number;
  readonly machineMs: number;
  readonly tickMs: number;
}

/** Uses the attempt with the shortest round trip: the database read its clock at its middle. */
async function measure({ pool }: Database, machineMs: () => number): Promise<Measured> {
  let best: (Measured & { readonly tookMs: number }) | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const before = performance.now();
    const { rows } = await pool.query<{ ms: number }>(
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
    );
    const after = performance.now();
    const tookMs = after - before;
    if (best && best.tookMs <= tookMs) continue;
    const sinceMs = tookMs / 2;
    const databaseMs = (rows[0] as { ms: number }).ms;
    best = { tookMs, databaseMs, machineMs: machineMs() - sinceMs, tickMs: after - sinceMs };
  }
  return best as Measured;
}
