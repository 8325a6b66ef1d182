import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 500;

/**
 * Looks for problems again and again, until it finds no more or the time is over.
 *
 * @param until by the clock of `performance`
 * @returns the problems at the end
 */
export async function untilRight(
  problemsNow: () => Promise<readonly string[]>,
  until: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (;;) {
    const problems = await problemsNow();
    if (problems.length === 0 || performance.now() > until) return problems;
    await sleep(LOOK_MS, undefined, { signal });
  }
}
