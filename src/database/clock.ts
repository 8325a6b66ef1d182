import { performance } from 'node:perf_hooks';
import type { Database } from './pool.ts';

/** The database's time, for every process of the hub: leases are held and judged by one clock. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** How far this machine's clock was ahead of the database's when last compared. */
  readonly aheadMs: () => number;
  /** Compare again now; where the database cannot be asked, time goes on as it was. */
  readonly compare: () => Promise<void>;
  close(): void;
}

const COMPARE_EVERY_MS = 60_000;
/** A machine's clock that was set, or a machine that slept: the comparison no longer holds. */
const JUMP_MS = 1_000;
const TRIES = 3;

/**
 * Begin to go by the database's clock. Between two comparisons time is counted by the machine's ticks, so that setting
 * its clock moves nothing; a jump of it is answered with a comparison at once.
 *
 * @param machineMs what this machine takes for the time
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
      // Whoever needs the database hears of it; the next comparison is a minute away at the most.
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

/** The try with the shortest way there and back: its middle is when the database looked at its clock. */
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
