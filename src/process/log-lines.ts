import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Buffer for a slow reader; further lines are dropped. */
const MAX_WAITING = 16 * 1024 * 1024;
const AGAIN_MS = 20;
const LAST_MS = 1_000;

/**
 * Writes log lines to a file descriptor at once. Lines that cannot be written (full disk, closed pipe) are lost, without
 * blocking or ending the process. Pino's own destination throws such an error at its caller, and retries for ever at the exit.
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

  /** @returns false when the reader takes no more for now */
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

/** How many bytes are done; undefined when a pipe takes nothing for now. */
function writtenOf(descriptor: number, bytes: Buffer): number | undefined {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? undefined : bytes.length;
  }
}
