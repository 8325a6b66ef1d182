import { type Logger, pino } from 'pino';
import { logLines } from './log-lines.ts';

/**
 * The log of a process: JSON lines on stdout, or on another file descriptor.
 * @param level one of pino's
 */
export function createLog(level: string, descriptor = 1): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    logLines(descriptor),
  );
}

/** The line that supervisors and scripts wait for, at any log level. */
export function logListening(log: Logger, about: object): void {
  log.child({}, { level: 'info' }).info(about, 'listening');
}
