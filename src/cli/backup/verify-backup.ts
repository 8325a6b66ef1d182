import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import type { Frame, Start } from '../../backup/frames.ts';
import { DamagedBackup } from '../../backup/seal.ts';
import { embeddedFolder, loadConfig } from '../../config/config.ts';
import { migrate } from '../../database/migrate.ts';
import { openDatabase } from '../../database/pool.ts';
import { removeCluster } from '../../embedded-postgres/cluster.ts';
import { loadAdapters } from '../../parties/load-adapters.ts';
import { usefulLanes } from '../../rebuild/lanes.ts';
import { createVault } from '../../secrets/vault.ts';
import { checkAudit } from '../doctor/check-audit.ts';
import { withServer } from '../open-database.ts';
import { withHub } from '../open-hub.ts';
import { type CommonOptions, type Result, runCommand, USAGE } from '../run-command.ts';
import { placedFiles } from './named-files.ts';
import { openBackup } from './open-backup.ts';
import { restoreInto } from './restore.ts';

interface VerifyCommand extends CommonOptions {
  readonly key: string;
}

/** `lienthong verify-backup`: restores beside, rebuilds, compares. */
export function addVerifyBackup(program: Command): void {
  program
    .command('verify-backup')
    .description('restore a backup beside the hub, rebuild its index from its messages, and report what differs')
    .argument('<file>', 'the file of a backup, or - for stdin')
    .requiredOption('--key <file>', 'a file with the recovery key (AGE-SECRET-KEY-1…)')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((file: string, options: VerifyCommand) =>
      runCommand(options, () => verify(file, options).catch(whenDamaged), USAGE),
    );
}

const HELP = `
It runs a PostgreSQL of its own in the folder for temporary files, with the settings and secrets of the backup, and deletes
it afterwards. It touches neither the hub nor its database. TMPDIR names another folder, such as /var/tmp where /tmp is memory.
Exit codes: 0 the backup is whole and its index equals its messages, 1 it is not, 2 it could not be checked.`;

/** Damage is what this command looks for, and no failure of the check. */
function whenDamaged(error: Error): Result {
  if (!(error instanceof DamagedBackup)) throw error;
  return { text: error.message, document: { damaged: error.message }, failed: true };
}

async function verify(file: string, { key }: VerifyCommand): Promise<Result> {
  const opened = await peek(openBackup(file, key));
  const dataDir = mkdtempSync(join(tmpdir(), 'lienthong-verify-'));
  const remove = (): void => {
    removeCluster(embeddedFolder({ databaseUrl: undefined, dataDir }) as string);
    rmSync(dataDir, { recursive: true, force: true });
  };
  // An interrupted command ends the process within withServer, and leaves no copy of the data either.
  process.once('exit', remove);
  try {
    return await withServer({ databaseUrl: undefined, dataDir }, (url) => compare(opened, dataDir, url), {
      isDisposable: true,
    });
  } finally {
    process.off('exit', remove);
    remove();
  }
}

async function compare({ start, frames }: Opened, folder: string, url: string): Promise<Result> {
  const configPath = join(folder, 'hub.config.json');
  // A backup may have no settings. Those of this folder are not its own.
  const placed = { 'hub.config.json': '{}', ...placedFiles(start.settings, folder) };
  for (const [name, text] of Object.entries(placed)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
  const env = { ...start.settings.environment, DATABASE_URL: url, HUB_CONFIG: configPath };
  const config = loadConfig(env, await loadAdapters());
  const { rows } = await restoreInto(url, frames, config.secrets);
  const database = openDatabase(url);
  const audit = await migrate(database, Date.now())
    .then(() => checkAudit(database, createVault(config.secrets as [string, ...string[]])))
    .finally(() => database.close());
  const report = await withHub(config, (hub) => hub.rebuild({ lanes: usefulLanes() }), { level: 'error' });
  const problems = audit.filter(({ level }) => level === 'fail').map(({ found }) => found);
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  return {
    text: [
      `as of ${start.takenAt}: ${total} rows of ${Object.keys(rows).length} tables, each as it was counted`,
      `${report.messages} messages, ${report.dossiers} dossiers and records: ${report.found === 0 ? 'no difference' : `${report.found} differences`}`,
      ...report.differences.map(({ table, code, column }) => `${table} ${code}: ${column} differs`),
      problems.length > 0 ? `audit: ${problems.join('; ')}` : 'the audit is linked and signed',
    ].join('\n'),
    document: { takenAt: start.takenAt, hub: start.hub, rows, rebuilt: report, audit: problems },
    failed: !report.identical || problems.length > 0,
  };
}

interface Opened {
  readonly start: Start;
  readonly frames: AsyncGenerator<Frame>;
}

/** The settings stand in the first part, before a server is started for the rest. */
async function peek(frames: AsyncGenerator<Frame>): Promise<Opened> {
  const { value } = await frames.next();
  if (value === undefined || !('fact' in value) || value.fact.kind !== 'start')
    throw new Error('this is not a backup of a hub: its first part is missing');
  const first: Frame = value;
  const whole = async function* (): AsyncGenerator<Frame> {
    yield first;
    yield* frames;
  };
  return { start: value.fact, frames: whole() };
}
