import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { createClamd } from './clamd.ts';
import { createFolderStore } from './folder-store.ts';
import { createHubFiles, type FilesDeps, type HubFiles } from './hub-files.ts';
import { createIcap } from './icap.ts';
import { createS3Store } from './s3-store.ts';
import type { Scanner } from './scanner.ts';

/** The files by the settings. Undefined if these have no `files`. */
export function openHubFiles(
  { file, dataDir }: Pick<Config, 'file' | 'dataDir'>,
  deps: Pick<FilesDeps, 'database' | 'vault' | 'nowMs' | 'onResult'>,
): HubFiles | undefined {
  const { files } = file;
  if (!files) return undefined;
  const folder = join(dataDir, 'files');
  return createHubFiles({
    ...deps,
    store: files.store ? createS3Store(files.store) : createFolderStore(folder),
    spool: join(folder, 'incoming'),
    scanner: files.scan === false ? undefined : createScanner(files.scan),
    maxBytes: files.maxBytes,
    types: files.types,
    quotaBytes: files.partyBytes,
  });
}

function createScanner(address: string): Scanner {
  return address.startsWith('icap:') ? createIcap(address) : createClamd(address);
}
