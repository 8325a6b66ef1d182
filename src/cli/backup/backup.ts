import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type pg from 'pg';
import { withoutUndefined } from '#core/without-undefined';
import type { Settings } from '../../backup/frames.ts';
import { seal } from '../../backup/seal.ts';
import { backupFrames } from '../../backup/write-backup.ts';
import { type Config, loadConfig } from '../../config/config.ts';
import { refuseOtherSecret } from '../../database/open-store.ts';
import type { Database } from '../../database/pool.ts';
import { storeBackup } from '../../ledger/process-runs.ts';
import { createVault } from '../../secrets/vault.ts';
import { withDatabase } from '../open-database.ts';
import { createProgress } from '../progress.ts';
import { type CommonOptions, type Result, readPackage, runCommand, UsageError, wholeNumber } from '../run-command.ts';
import { breakOffAtSignal } from '../until-signal.ts';
import { writeWhole } from '../write-whole.ts';
import { namedFilesIn } from './named-files.ts';
import { requireRecipient } from './open-backup.ts';

interface BackupOptions extends CommonOptions {
  readonly for: string;
  readonly keep?: number;
}

/** `lienthong backup`: everything that a restore needs, in one sealed file. */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('write the database, the settings and the secrets to one sealed file, while the hub serves')
    .argument('<folder>', 'the folder of the new file, or - for stdout')
    .requiredOption('--for <recipient>', 'the public half of the recovery key: age1…, see lienthong keys recovery')
    .option(
      '--keep <n>',
      'delete older backups in the folder, all but the newest n, and unfinished ones older than a day',
      wholeNumber(1),
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((folder: string, options: BackupOptions) => runCommand(options, () => backup(folder, options)));
}

const HELP = `
The file holds one moment of the database. Its format is age (age-encryption.org/v1): only the recovery key opens it.
Check a backup with: lienthong verify-backup <file> --key <file of the recovery key>`;

async function backup(folder: string, options: BackupOptions): Promise<Result> {
  requireRecipient(options.for);
  if (folder === '-' && options.keep !== undefined) throw new UsageError('--keep: expected a folder, got -');
  if (folder === '-' && options.json) throw new UsageError('--json and - both write to stdout: name a folder');
  const config = loadConfig(process.env, undefined, false);
  const file = folder === '-' ? undefined : join(resolve(folder), nameOf(new Date()));
  if (file !== undefined) mkdirSync(resolve(folder), { recursive: true, mode: 0o700 });
  // Before the new one, which may need their room.
  const left = options.keep === undefined ? [] : dropUnfinished(resolve(folder));
  const hasSettings = await writeBackup(config, options.for, file);
  if (file === undefined) return { text: '', document: {} };
  const dropped =
    options.keep === undefined || !hasSettings ? left : [...left, ...dropOld(resolve(folder), options.keep)];
  const { size } = statSync(file);
  const mib = (size / 2 ** 20).toFixed(1);
  return {
    text: [`${file}  ${mib} MiB`, ...dropped.map((one) => `deleted ${one}`)].join('\n'),
    document: { file, size, dropped },
  };
}

const NAMED = /^lienthong-\d{8}T\d{6}Z\.backup\.age$/;
const nameOf = (at: Date): string => `lienthong-${at.toISOString().replace(/[-:]|\.\d+/g, '')}.backup.age`;

const UNFINISHED = /^lienthong-\d{8}T\d{6}Z\.backup\.age\.part$/;
const LEFT_AFTER_MS = 86_400_000;

/** Deletes the parts of killed backups. One that was written to within a day may be of a backup that still runs. */
function dropUnfinished(folder: string): readonly string[] {
  const left = readdirSync(folder).filter(
    (name) => UNFINISHED.test(name) && statSync(join(folder, name)).mtimeMs < Date.now() - LEFT_AFTER_MS,
  );
  for (const name of left) rmSync(join(folder, name), { force: true });
  return left;
}

/** Names sort by their moment. Files with other names are not ours to delete. */
function dropOld(folder: string, keep: number): readonly string[] {
  const old = readdirSync(folder)
    .filter((name) => NAMED.test(name))
    .sort()
    .slice(0, -keep);
  for (const name of old) rmSync(join(folder, name));
  return old;
}

/** @returns whether the backup has the settings. One without them is no reason to delete an older one */
async function writeBackup(config: Config, recipient: string, file: string | undefined): Promise<boolean> {
  const settings = settingsOf(config, process.env);
  const hasSettings = settings.config !== null;
  const bar = createProgress('backup', 0);
  try {
    await withDatabase(config, async (database) => {
      const client = await database.pool.connect();
      try {
        await requireHub(client);
        // The file holds the secret that it finds here. With another one nobody could read the data after a restore.
        await refuseOtherSecret(database, createVault(config.secrets as [string, ...string[]]));
        const startedMs = Date.now();
        const about = { hub: readPackage().version, settings };
        const frames = backupFrames(client, about, ({ table, doneTables, tables }) => {
          bar.setTotal(tables);
          bar.update(doneTables, table);
        });
        const sealed = await seal(frames, recipient);
        await breakOffAtSignal(database.breakOff, () =>
          file === undefined ? pipeline(sealed, process.stdout, { end: false }) : writeWhole(file, sealed),
        );
        if (hasSettings) await noteBackup(database, startedMs);
      } finally {
        client.release();
      }
    });
  } finally {
    bar.stop();
  }
  if (!hasSettings)
    console.error(
      `lienthong: the backup has no settings: there is no file ${config.filePath}. Set HUB_CONFIG. No older backup was deleted, and doctor does not count this one`,
    );
  return hasSettings;
}

/** Doctor and the metrics show the age of the newest backup. A standby takes no note of one, which is whole all the same. */
async function noteBackup(database: Database, startedMs: number): Promise<void> {
  await storeBackup(database, startedMs, Date.now()).catch(({ message }: Error) =>
    console.error(
      `lienthong: the backup is whole; the database took no note of it: ${message}; doctor and hub_backup_age_seconds show an older one`,
    ),
  );
}

/** @throws UsageError before a file is made: there is nothing that a restore could bring back */
async function requireHub(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ made: boolean }>(`SELECT to_regclass('hub_migrations') IS NOT NULL AS made`);
  if (!rows[0]?.made)
    throw new UsageError('the database has no tables of a hub yet, expected one that was started once');
}

/** What a new machine needs to read the data: HUB_CONFIG, its variables and files, and the secrets. */
function settingsOf({ filePath, secrets }: Config, env: NodeJS.ProcessEnv): Settings {
  const config = existsSync(filePath) ? readFileSync(filePath, 'utf8') : null;
  const named = [...(config ?? '').matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, name]) => name as string);
  const [secret, ...old] = secrets;
  const environment = withoutUndefined({
    ...Object.fromEntries(named.map((name) => [name, env[name]])),
    HUB_SECRET: secret,
    HUB_SECRET_OLD: old.length > 0 ? old.join(',') : undefined,
  });
  return { config, environment, files: config === null ? [] : namedFilesIn(config, env) };
}
