import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** What waits for a reader that is slow; more is dropped. */
const MAX_WAITING = 16 * 1024 * 1024;
const AGAIN_MS = 20;
const LAST_MS = 1_000;

export interface LogLines extends DestinationStream {
  /** Write now what waits, for a second at the most. */
  flushSync(): void;
}

/**
 * Lines to a file descriptor. What cannot be written, for the disk is full or the reader is gone, is lost, and neither holds the
 * process up nor ends it: pino's own destination throws it at whoever logs, and tries for ever when the process ends.
 */
export function logLines(descriptor: number): LogLines {
  let waiting: string[] = [];
  let size = 0;
  let isWriting = false;
  const take = (): Buffer => {
    const all = Buffer.from(waiting.join(''));
    waiting = [];
    size = 0;
    return all;
  };
  const put = (bytes: Buffer): void => {
    isWriting = true;
    write(descriptor, bytes, (error, written) => {
      if (error && isBusy(error)) return void setTimeout(put, AGAIN_MS, bytes);
      const rest = error ? bytes.subarray(bytes.length) : bytes.subarray(written);
      isWriting = false;
      if (rest.length > 0) put(rest);
      else if (waiting.length > 0) put(take());
    });
  };
  const flushSync = (): void => putNow(descriptor, take());
  process.on('exit', flushSync);
  return {
    write(line) {
      if (size + line.length > MAX_WAITING) return;
      waiting.push(line);
      size += line.length;
      if (!isWriting) put(take());
    },
    flushSync,
  };
}

function putNow(descriptor: number, bytes: Buffer): void {
  const until = Date.now() + LAST_MS;
  for (let rest = bytes; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (!isBusy(error as Error) || Date.now() > until) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
    }
  }
}

/** A pipe that takes no more for the moment. */
function isBusy(error: Error): boolean {
  return /^E(?:AGAIN|BUSY)$/.test((error as { code?: string }).code ?? '');
}
