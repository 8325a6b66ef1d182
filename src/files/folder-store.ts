import { createReadStream } from 'node:fs';
import { access, constants, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../process/make-folders.ts';
import type { ObjectStore } from './object-store.ts';

/** Keeps objects in a folder, each in a file that only the hub's user may read. */
export function createFolderStore(folder: string): ObjectStore {
  const pathOf = (place: string): string => join(folder, place.slice(0, 2), place);
  return {
    async put(spool, place) {
      const path = pathOf(place);
      const parent = join(path, '..');
      const isNew = (await mkdir(parent, { recursive: true, mode: 0o700 })) !== undefined;
      await rename(spool, path);
      await syncFolder(parent);
      if (isNew) await syncFolder(folder);
    },
    open: (place) => createReadStream(pathOf(place)),
    remove: (place) => rm(pathOf(place), { force: true }),
    lacks: (place) =>
      access(pathOf(place)).then(
        () => false,
        ({ code }: NodeJS.ErrnoException) => code === 'ENOENT',
      ),
    async *placesBefore(ms) {
      for (const part of await readdir(folder).catch(() => []))
        if (/^[0-9a-f]{2}$/.test(part))
          for (const place of await readdir(join(folder, part))) {
            const found = await stat(pathOf(place)).catch(() => undefined);
            if (found && found.mtimeMs < ms) yield place;
          }
    },
    trouble: () =>
      access(folder, constants.R_OK | constants.W_OK | constants.X_OK).then(
        () => undefined,
        // The first file creates it.
        (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? undefined : error.message),
      ),
  };
}
