// For tests that hold a step to milliseconds or megabytes.

/**
 * The reply, and the least processor time of ten tries, in ms; it ends with the first below `boundMs`. The compiler, the
 * collector and who else shares a core add to some.
 */
export async function cheapest<T>(boundMs: number, ask: () => Promise<T>): Promise<{ reply: T; cpuMs: number }> {
  let reply: T | undefined;
  const { cpuMs } = await least({ cpuMs: boundMs }, async () => {
    const before = process.cpuUsage();
    reply = await ask();
    return { cpuMs: msSince(before) };
  });
  return { reply: reply as T, cpuMs };
}

/** What the last of up to ten tries gave, with the least of each measure; it ends when each is below its bound. */
export async function least<Measure extends string, T extends Record<Measure, number>>(
  bounds: Readonly<Record<Measure, number>>,
  ask: () => Promise<T>,
): Promise<T> {
  const measures = Object.keys(bounds) as Measure[];
  let best: T | undefined;
  for (let times = 0; times < 10; times++) {
    const next = await ask();
    const before = best ?? next;
    best = { ...next, ...Object.fromEntries(measures.map((of) => [of, Math.min(before[of], next[of])])) };
    if (measures.every((of) => (best as T)[of] < bounds[of])) break;
  }
  return best as T;
}

/** The longest turn of the event loop from here on, in ms of processor time: what others do on the machine is no part of it. */
export function watchTurns(): { longestMs(): number } {
  let [longest, last, going] = [0, process.cpuUsage(), true];
  const look = (): void => {
    longest = Math.max(longest, msSince(last));
    last = process.cpuUsage();
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

function msSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
