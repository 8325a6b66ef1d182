import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Write a file that its owner alone may read. What is not whole has another name, and whoever reads the file finds it
 * whole or not at all; of what could not be written nothing is left.
 *
 * @throws in words for people, also where its chunks throw
 */
export async function writeWhole(file: string, chunks: Iterable<string> | AsyncIterable<string>): Promise<void> {
  const part = `${file}.part`;
  try {
    // Left by somebody who was killed, or laid there by somebody else: a file of ours alone is made anew.
    await rm(part, { force: true });
    await pipeline(Readable.from(chunks), createWriteStream(part, { flags: 'wx', mode: 0o600 }));
    await rename(part, file);
  } catch (error) {
    // Where it is not even a file: what went wrong first is to be told.
    await rm(part, { force: true }).catch(() => undefined);
    throw notWritten(file, error);
  }
}

export function notWritten(what: string, cause: unknown): Error {
  return new Error(`${what} could not be written: ${(cause as Error).message}`, { cause });
}
