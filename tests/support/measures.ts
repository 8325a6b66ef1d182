import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

// For tests that limit a step to milliseconds or megabytes.

/** `yardstickMs` of the machine for which the bounds are meant: two cores of 2024, otherwise idle. */
const YARDSTICK_MS = 6;

const YARD = JSON.stringify(Array.from({ length: 20_000 }, (_, n) => ({ code: `H60.01-${n}`, n })));

/** The reply, and the least processor time of ten tries, in ms as `least` counts them; stops at the first below `boundMs`. */
export async function lowestCpuOfTen<T>(boundMs: number, ask: () => Promise<T>): Promise<{ reply: T; cpuMs: number }> {
  let reply: T | undefined;
  const { cpuMs } = await bestOfTen({ cpuMs: boundMs }, async () => {
    const before = process.cpuUsage();
    reply = await ask();
    return { cpuMs: msSince(before) };
  });
  return { reply: reply as T, cpuMs };
}

/**
 * The last result of up to ten tries, with the least of each measure; stops when each is below its bound. The compiler, the
 * collector and other processes add to some tries. A slower machine adds to all of them, and as much to a fixed piece of work.
 * So measures in ms are divided by that slowdown, at most four. A faster machine gets no stricter bound.
 */
export async function bestOfTen<Measure extends string, T extends Record<Measure, number>>(
  bounds: Readonly<Record<Measure, number>>,
  ask: () => Promise<T>,
): Promise<T> {
  const measures = Object.keys(bounds) as Measure[];
  let best: T | undefined;
  let yardMs = Number.POSITIVE_INFINITY;
  for (let times = 0; times < 10; times++) {
    const next = await ask();
    const before = best ?? next;
    best = { ...next, ...Object.fromEntries(measures.map((of) => [of, Math.min(before[of], next[of])])) };
    if (measures.every((of) => (best as T)[of] < bounds[of])) return best;
    yardMs = Math.min(yardMs, yardstickMs());
  }
  const slowness = Math.min(4, Math.max(1, yardMs / YARDSTICK_MS));
  const counted = measures.filter((of) => of.endsWith('Ms')).map((of) => [of, (best as T)[of] / slowness]);
  return { ...(best as T), ...Object.fromEntries(counted) };
}

/** The processor time of a fixed piece of work. Like our steps it parses, creates objects and texts, and hashes. */
function yardstickMs(): number {
  const before = process.cpuUsage();
  createHash('sha256')
    .update(JSON.stringify(JSON.parse(YARD)))
    .digest();
  return msSince(before);
}

/**
 * The longest turn of the event loop from now on, in ms of its thread's processor time. This excludes other processes and, on
 * Linux, the threads of the collector and the compiler, which work beside it.
 */
export function watchEventLoop(): { longestMs(): number } {
  let [longest, last, going] = [0, threadMs(), true];
  const look = (): void => {
    const now = threadMs();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const turn = (): void => {
    look();
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    longestMs() {
      if (going) look();
      going = false;
      return longest;
    },
  };
}

/** The processor time of a run, in ms. Other processes do not add to it. */
export function cpuMsOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  return msSince(before);
}

/** The processor time of this thread, as of the last tick of the kernel. Elsewhere than on Linux, that of the process. */
function threadMs(): number {
  try {
    return Number.parseInt(readFileSync('/proc/thread-self/schedstat', 'latin1'), 10) / 1e6;
  } catch {
    return process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
  }
}

function msSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
