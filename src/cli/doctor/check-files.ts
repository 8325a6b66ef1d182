import type { Config } from '../../config/config.ts';
import type { Database } from '../../database/pool.ts';
import { openHubFiles } from '../../files/open-hub-files.ts';
import { countFiles } from '../../ledger/files.ts';
import type { Vault } from '../../secrets/vault.ts';
import { hasTable } from './check-database.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('files');
const GIB = 1024 ** 3;
type Files = NonNullable<ReturnType<typeof openHubFiles>>;

/** Whether files can be stored and scanned, and which wait for the scanner. */
export async function checkFiles(config: Config, database: Database, vault: Vault): Promise<readonly Finding[]> {
  const files = openHubFiles(config, { database, vault, nowMs: Date.now, onResult: () => undefined });
  if (!files) return [finding('info', 'no files are stored: HUB_CONFIG has no `files`')];
  return [
    ...(await checkStore(files, config)),
    await checkScanner(files),
    ...((await hasTable(database, 'files')) ? [...(await checkStored(database)), ...(await checkBytes(files))] : []),
  ];
}

async function checkStore(files: Files, config: Config): Promise<readonly Finding[]> {
  const trouble = await files.storeTrouble();
  if (trouble === undefined) return [];
  const { store } = config.file.files ?? {};
  return store
    ? [
        finding(
          'fail',
          `the bucket ${store.bucket} cannot be used: ${trouble}`,
          'correct files.store, or start the store',
        ),
      ]
    : [
        finding(
          'fail',
          `nothing can be stored: ${trouble}`,
          'give the folder to the user of the hub, or correct HUB_DATA_DIR',
        ),
      ];
}

async function checkScanner(files: Files): Promise<Finding> {
  const isThere = await files.isScannerThere();
  if (isThere === undefined)
    return finding(
      'warn',
      'files are passed on unscanned: `files.scan` is false',
      'set files.scan to the address of a clamd or an ICAP server',
    );
  if (isThere) return finding('ok', 'the virus scanner answers');
  return finding(
    'fail',
    'the virus scanner does not answer: new files wait',
    'start the scanner, or correct files.scan',
  );
}

const LOOKED_AT = 100;

/** A restore of the database without the folder of the files leaves records of files that nobody can read. */
async function checkBytes(files: Files): Promise<readonly Finding[]> {
  const { looked, missing } = await files.lookAtBytes(LOOKED_AT);
  if (missing === 0) return [];
  return [
    finding(
      'warn',
      `the bytes of ${missing} of ${looked} files are missing in HUB_DATA_DIR/files`,
      'copy this folder from its backup; a file that its sender pushes again is whole again',
    ),
  ];
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
