import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, ownIdentity, readIdentity } from '../embedded-postgres/processes.ts';
import { makeFolders } from '../make-folders.ts';

/**
 * Make the folder this process's own: two that append to one file would spoil it. The lock of a process that is gone counts
 * for nothing.
 *
 * @returns what lets go of it
 * @throws where another process has it, or it cannot be written
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'copy.lock');
  makeFolders(folder);
  const holder = readIdentity(path);
  if (holder && isSameProcess(holder))
    throw new Error(`${folder} is used by the process ${holder.pid}: a copy has a folder of its own`);
  rmSync(path, { force: true });
  const mine = ownIdentity();
  // Of two that begin at the same moment the second one fails.
  writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
  return () => {
    if (readFileSync(path, 'utf8') === mine) rmSync(path, { force: true });
  };
}
