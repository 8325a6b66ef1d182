import { setMaxListeners } from 'node:events';
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
