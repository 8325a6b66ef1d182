import { mkdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a folder and its parents. Node's own `recursive` never ends on a file system that takes no folder and reports a
 * missing parent, such as /proc.
 * @returns the topmost created folder; undefined when all existed
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

/** Makes the names in a folder durable: without this, a power failure may lose a new one. Not every file system can. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().catch(() => undefined);
  await handle.close();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
