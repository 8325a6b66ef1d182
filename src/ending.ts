import { isatty } from 'node:tty';

/**
 * Who is to end this process: SIGTERM or SIGINT, and SIGHUP where it was started at a terminal, which is gone then. Elsewhere a
 * SIGHUP changes nothing: Node undoes what nohup asks for, so that the end of a terminal would kill what was to outlive it.
 */
export function onEnd(heard: (signal: NodeJS.Signals) => void): void {
  const atTerminal = isatty(0) || isatty(1);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, heard);
  process.on('SIGHUP', (signal) => atTerminal && heard(signal));
}

const LINGER_MS = 2_000;

/** What failed may have left a connection open, such as to a server that waits for a password: it is not waited for. */
export function endSoon(): void {
  setTimeout(() => process.exit(), LINGER_MS).unref();
}
