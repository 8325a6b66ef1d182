import { setMaxListeners } from 'node:events';
import { onEnd } from '../process/ending.ts';
import { FAILED } from './run-command.ts';

/** Aborts at the first signal. The second one ends the process at once. */
export function untilSignal(signals: readonly NodeJS.Signals[]): AbortController {
  const stop = new AbortController();
  // Every request in progress listens to it.
  setMaxListeners(0, stop.signal);
  for (const name of signals)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(FAILED);
      stop.abort();
    });
  return stop;
}

/** By their `breakOff`: the works that a signal breaks off. */
const breakable = new Set<() => void>();
let brokenOffBy: NodeJS.Signals | undefined;

/**
 * Works to the end, or until a signal calls `breakOff`: the work then fails, and removes what it has half written. A second
 * signal is not held back. See endAsSignalled.
 * @throws an error that names the signal
 */
export async function breakOffAtSignal<T>(breakOff: () => void, work: () => Promise<T>): Promise<T> {
  const listenNoLonger = onEnd((signal) => {
    brokenOffBy = signal;
    holdNoLonger();
    breakOff();
  });
  const holdNoLonger = (): void => {
    breakable.delete(breakOff);
    listenNoLonger();
  };
  breakable.add(breakOff);
  try {
    return await work();
  } catch (error) {
    throw brokenOffBy ? new Error(`${brokenOffBy} ended the command before it was done`, { cause: error }) : error;
  } finally {
    holdNoLonger();
  }
}

/** Whether a signal breaks off a work, which still needs its database while it removes what it has half written. */
export function isBreakable(): boolean {
  return breakable.size > 0;
}

/** Ends the process as the signal that broke off a work would have ended it. Without one it returns. */
export function endAsSignalled(): void {
  if (brokenOffBy) process.kill(process.pid, brokenOffBy);
}
