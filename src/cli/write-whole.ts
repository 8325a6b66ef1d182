import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { syncFolder } from '../process/make-folders.ts';

/**
 * Writes a file that only its owner may read. The part is written under another name, so readers find the file whole or not
 * at all; a failed write leaves nothing. Durable when it resolves.
 * @throws with a message for people, also when its chunks throw
 */
export async function writeWhole(
  file: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const part = `${file}.part`;
  try {
    // A killed process or somebody else may have left this file. A new one is certainly ours.
    await rm(part, { force: true });
    await pipeline(Readable.from(chunks), createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }));
    await rename(part, file);
    await syncFolder(dirname(file));
  } catch (error) {
    // It may not even be a file. The first error is the one to report.
    await rm(part, { force: true }).catch(() => undefined);
    throw notWritten(file, error);
  }
}

export function notWritten(what: string, cause: unknown): Error {
  return new Error(`${what} could not be written: ${(cause as Error).message}`, { cause });
}
