import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** What waits for a reader that is slow; more is dropped. */
const MAX_WAITING = 16 * 1024 * 1024;
const AGAIN_MS = 20;
const LAST_MS = 1_000;

/**
 * Lines to a file descriptor, written at once. What cannot be written, for the disk is full or the reader is gone, is lost, and
 * neither holds the process up nor ends it: pino's own destination throws it at whoever logs, and tries for ever when the
 * process ends.
 */
export function logLines(descriptor: number): DestinationStream {
  const lines = known.get(descriptor) ?? linesTo(descriptor);
  known.set(descriptor, lines);
  return lines;
}

const known = new Map<number, DestinationStream>();

function linesTo(descriptor: number): DestinationStream {
  let waiting: string[] = [];
  let size = 0;
  let begun: Buffer = Buffer.alloc(0);
  let again: NodeJS.Timeout | undefined;

  /** @returns false where the reader takes no more for the moment */
  function put(): boolean {
    for (;;) {
      if (begun.length === 0) {
        if (waiting.length === 0) return true;
        begun = Buffer.from(waiting.join(''));
        [waiting, size] = [[], 0];
      }
      const written = writtenOf(descriptor, begun);
      if (written === undefined) return false;
      begun = begun.subarray(written);
    }
  }

  function putSoon(): void {
    again = put() ? undefined : setTimeout(putSoon, AGAIN_MS).unref();
  }

  process.on('exit', () => {
    const until = performance.now() + LAST_MS;
    while (!put() && performance.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
  });
  return {
    write(line) {
      if (size + line.length > MAX_WAITING) return;
      waiting.push(line);
      size += line.length;
      if (again === undefined) putSoon();
    },
  };
}

/** How much is done with; undefined where a pipe takes nothing for the moment. */
function writtenOf(descriptor: number, bytes: Buffer): number | undefined {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? undefined : bytes.length;
  }
}
