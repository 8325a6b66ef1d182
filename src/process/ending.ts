import { isatty } from 'node:tty';

/**
 * Who is to end this process: SIGTERM or SIGINT, and SIGHUP where it was started at a terminal, which is gone then. Elsewhere a
 * SIGHUP changes nothing: Node undoes what nohup asks for, so that the end of a terminal would kill what was to outlive it.
 *
 * @returns listen no longer
 */
export function onEnd(heard: (signal: NodeJS.Signals) => void): () => void {
  const atTerminal = isatty(0) || isatty(1);
  const listeners = { SIGTERM: heard, SIGINT: heard, SIGHUP: atTerminal ? heard : () => undefined };
  const signals = Object.keys(listeners) as (keyof typeof listeners)[];
  for (const signal of signals) process.on(signal, listeners[signal]);
  return () => {
    for (const signal of signals) process.off(signal, listeners[signal]);
  };
}

const LINGER_MS = 2_000;

/** What failed may have left a connection open, such as to a server that waits for a password: it is not waited for. */
export function endSoon(): void {
  // What is still read of what was said, is.
  const end = (): unknown => (process.stdout.writableLength > 0 ? endSoon() : process.exit());
  setTimeout(end, LINGER_MS).unref();
}
