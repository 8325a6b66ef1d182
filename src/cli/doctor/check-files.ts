import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Database } from '../../database/pool.ts';
import { openHubFiles } from '../../files/open-hub-files.ts';
import { countFiles } from '../../ledger/files.ts';
import type { Vault } from '../../secrets/vault.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('files');
const GIB = 1024 ** 3;

/** Whether files can be stored and scanned, and which wait for the scanner. */
export async function checkFiles(config: Config, database: Database, vault: Vault): Promise<readonly Finding[]> {
  const files = openHubFiles(config, { database, vault, nowMs: Date.now, onResult: () => undefined });
  if (!files) return [finding('info', 'no files are stored: HUB_CONFIG has no `files`')];
  const { rows } = await database.pool.query<{ there: boolean }>(`SELECT to_regclass('files') IS NOT NULL AS there`);
  return [
    ...checkFolder(config.dataDir),
    await checkScanner(files),
    ...(rows[0]?.there ? await checkStored(database) : []),
  ];
}

function checkFolder(dataDir: string): readonly Finding[] {
  const folder = join(dataDir, 'files');
  if (!existsSync(folder)) return [];
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return [];
  } catch (error) {
    const advice = 'give the folder to the user of the hub, or correct HUB_DATA_DIR';
    return [finding('fail', `nothing can be stored in ${folder}: ${(error as Error).message}`, advice)];
  }
}

async function checkScanner(
  files: Pick<NonNullable<ReturnType<typeof openHubFiles>>, 'isScannerThere'>,
): Promise<Finding> {
  const isThere = await files.isScannerThere();
  if (isThere === undefined)
    return finding(
      'warn',
      'files are passed on unscanned: `files.scan` is false',
      'set files.scan to the address of a clamd',
    );
  if (isThere) return finding('ok', 'the virus scanner answers');
  return finding('fail', 'the virus scanner does not answer: new files wait', 'start clamd, or correct files.scan');
}

async function checkStored(database: Database): Promise<readonly Finding[]> {
  const counts = await countFiles(database);
  const total = counts.reduce((sum, { files, bytes }) => ({ files: sum.files + files, bytes: sum.bytes + bytes }), {
    files: 0,
    bytes: 0,
  });
  const infected = counts.find(({ scan }) => scan === 'infected');
  return [
    finding('ok', `${total.files} files with ${(total.bytes / GIB).toFixed(1)} GiB`),
    ...(infected
      ? [
          finding(
            'warn',
            `${infected.files} files are infected, and are not passed on`,
            'see the refused deliveries with the reason file-infected',
          ),
        ]
      : []),
  ];
}
