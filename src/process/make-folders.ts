import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Make a folder and those above it. Node's own `recursive` runs for ever where a file system takes no folder and says that
 * there is none above, as /proc does.
 *
 * @returns the uppermost one that was made; undefined where all were there
 */
export function makeFolders(folder: string): string | undefined {
  if (isFolder(folder)) return undefined;
  const first = dirname(folder) === folder ? undefined : makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process was faster.
    if (isFolder(folder)) return first;
    throw error;
  }
  return first ?? folder;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
