import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PlaceFailure } from './failure.ts';
import type { FileEntry, OpenPlace } from './places.ts';

/**
 * A folder of this machine, often one that a file server shares. It follows no link: those who may write here could make the
 * hub read its own settings as their file, or write over them.
 */
export function openFolder(path: string): OpenPlace {
  /** @throws PlaceFailure for a folder that is a link */
  async function folderAt(folder: string): Promise<string> {
    const at = join(path, folder);
    if (folder === '') return at;
    const [place, real] = await Promise.all([realpath(path), realpath(at)]);
    if (real !== join(place, folder)) throw new PlaceFailure(`${at} is a link, expected a folder`);
    return at;
  }
  async function fileAt(name: string): Promise<string> {
    const folder = dirname(name);
    return join(await folderAt(folder === '.' ? '' : folder), basename(name));
  }
  async function newFileAt(name: string): Promise<string> {
    await mkdir(dirname(join(path, name)), { recursive: true });
    return fileAt(name);
  }
  return {
    list: (folder) =>
      orFailure(async () => {
        const at = await unlessMissing(() => folderAt(folder));
        if (at === undefined) return [];
        // A missing folder of a place is an empty one. A missing place is a failure: perhaps it is not mounted.
        const entries = await readdir(at, { withFileTypes: true });
        const files = await Promise.all(
          entries.filter((entry) => entry.isFile()).map(({ name }) => entryOf(join(at, name), name)),
        );
        return files.flatMap((file) => file ?? []).sort(byName);
      }),
    read: (name, mostBytes = Number.POSITIVE_INFINITY) =>
      orFailure(() =>
        unlessMissing(async () => {
          const file = await open(await fileAt(name), constants.O_RDONLY | constants.O_NOFOLLOW);
          return buffer(file.createReadStream({ end: mostBytes - 1 }));
        }),
      ),
    write: (name, bytes) =>
      orFailure(async () => {
        const target = await newFileAt(name);
        const part = `${target}.tmp`;
        await rm(part, { force: true });
        const file = await open(part, 'wx');
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(part, target);
      }),
    move: (from, to) =>
      orFailure(async () => {
        await unlessMissing(async () => rename(await fileAt(from), await newFileAt(to)));
      }),
    remove: (name) =>
      orFailure(async () => {
        await unlessMissing(async () => rm(await fileAt(name), { force: true }));
      }),
  };
}

export const byName = (a: FileEntry, b: FileEntry): number => (a.name < b.name ? -1 : 1);

async function entryOf(path: string, name: string): Promise<FileEntry | undefined> {
  const found = await unlessMissing(() => lstat(path));
  return found && { name, bytes: found.size, changedMs: Math.round(found.mtimeMs) };
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
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
