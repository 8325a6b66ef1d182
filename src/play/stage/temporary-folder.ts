import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../process/make-folders.ts';
import type { Janitor } from './start-janitor.ts';

/**
 * Makes a folder that the janitor removes. Others can pass through it but not read it: PostgreSQL runs as another user when root
 * starts it.
 */
export function makeTemporaryFolder(root: string, prefix: string, janitor: Janitor): string {
  makeFolders(root);
  const folder = mkdtempSync(join(realpathSync(root), prefix));
  janitor.add({ kind: 'folder', path: folder });
  chmodSync(folder, 0o711);
  return folder;
}
