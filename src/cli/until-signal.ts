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

/**
 * Works to the end, or until a signal calls `breakOff`: the work then fails, and removes what it has half written. After that the
 * process ends as the signal would have ended it. A second signal is not held back.
 */
export async function breakOffAtSignal<T>(breakOff: () => void, work: () => Promise<T>): Promise<T> {
  let ended: NodeJS.Signals | undefined;
  const listenNoLonger = onEnd((signal) => {
    ended = signal;
    listenNoLonger();
    breakOff();
  });
  try {
    return await work();
  } finally {
    listenNoLonger();
    if (ended) process.kill(process.pid, ended);
  }
}
