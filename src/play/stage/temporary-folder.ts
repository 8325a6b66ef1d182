import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../../process/make-folders.ts';
import type { Janitor } from './start-janitor.ts';

/**
 * Makes a folder that the janitor removes, under HUB_DATA_DIR or the system's folder. Others can pass through it but not read
 * it: PostgreSQL runs as another user when root starts it.
 */
export function makeTemporaryFolder(env: NodeJS.ProcessEnv, prefix: string, janitor: Janitor): string {
  const root = env.HUB_DATA_DIR?.trim() || tmpdir();
  makeFolders(root);
  const folder = mkdtempSync(join(realpathSync(root), prefix));
  janitor.add({ kind: 'folder', path: folder });
  chmodSync(folder, 0o711);
  return folder;
}
