import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PlaceFailure } from './failure.ts';
import type { FileEntry, OpenPlace } from './places.ts';

/** A folder of this machine, often one that a file server shares. */
export function openFolder(path: string): OpenPlace {
  const at = (name: string): string => join(path, name);
  return {
    list: (folder) =>
      orFailure(async () => {
        const entries = await readdir(at(folder), { withFileTypes: true }).catch((error) => {
          // A missing folder of a place is an empty one. A missing place is a failure: perhaps it is not mounted.
          if (error.code === 'ENOENT' && folder !== '') return [];
          throw error;
        });
        const files = await Promise.all(
          entries.filter((entry) => entry.isFile()).map(({ name }) => entryOf(at(join(folder, name)), name)),
        );
        return files.flatMap((file) => file ?? []).sort(byName);
      }),
    read: (name, mostBytes = Number.POSITIVE_INFINITY) =>
      orFailure(() => unlessMissing(buffer(createReadStream(at(name), { end: mostBytes - 1 })))),
    write: (name, bytes) =>
      orFailure(async () => {
        await mkdir(dirname(at(name)), { recursive: true });
        const file = await open(at(`${name}.tmp`), 'w');
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(at(`${name}.tmp`), at(name));
      }),
    move: (from, to) =>
      orFailure(async () => {
        await mkdir(dirname(at(to)), { recursive: true });
        await unlessMissing(rename(at(from), at(to)));
      }),
    remove: (name) => orFailure(() => rm(at(name), { force: true })),
  };
}

export const byName = (a: FileEntry, b: FileEntry): number => (a.name < b.name ? -1 : 1);

async function entryOf(path: string, name: string): Promise<FileEntry | undefined> {
  const found = await unlessMissing(stat(path));
  return found && { name, bytes: found.size, changedMs: Math.round(found.mtimeMs) };
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What the system says of a file names its path and no content. */
async function orFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new PlaceFailure((error as Error).message);
  }
}
