import { isatty } from 'node:tty';

/**
 * Listens for SIGTERM and SIGINT, and for SIGHUP when the process started at a terminal. Elsewhere it ignores SIGHUP: Node
 * undoes what nohup asks for, and the terminal's end would kill the process.
 * @returns a function that stops listening
 */
export function onEnd(listener: (signal: NodeJS.Signals) => void): () => void {
  const atTerminal = isatty(0) || isatty(1);
  const listeners = { SIGTERM: listener, SIGINT: listener, SIGHUP: atTerminal ? listener : () => undefined };
  const signals = Object.keys(listeners) as (keyof typeof listeners)[];
  for (const signal of signals) process.on(signal, listeners[signal]);
  return () => {
    for (const signal of signals) process.off(signal, listeners[signal]);
  };
}

const LINGER_MS = 2_000;

/** Exits although connections may be open, such as one to a server that waits for a password. */
export function endSoon(): void {
  // First flushes stdout to its reader.
  const end = (): unknown => (process.stdout.writableLength > 0 ? endSoon() : process.exit());
  setTimeout(end, LINGER_MS).unref();
}
