import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Frame, Settings } from '../../backup/frames.ts';
import { type Restored, restoreBackup } from '../../backup/restore-backup.ts';
import { loadConfig } from '../../config/config.ts';
import { migrateTo } from '../../database/migrate.ts';
import { openDatabase } from '../../database/pool.ts';
import { environmentLine } from '../init/settings-texts.ts';
import { withServer } from '../open-database.ts';
import { createProgress } from '../progress.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from '../run-command.ts';
import { placedFiles } from './named-files.ts';
import { openBackup } from './open-backup.ts';

interface RestoreCommand extends CommonOptions {
  readonly key: string;
  readonly settings?: string;
}

/** `lienthong restore`: a backup into an empty database. */
export function addRestore(program: Command): void {
  program
    .command('restore')
    .description('restore a backup into an empty database; with --settings only its settings and secrets')
    .argument('<file>', 'the file of a backup, or - for stdin')
    .requiredOption('--key <file>', 'a file with the recovery key (AGE-SECRET-KEY-1…)')
    .option(
      '--settings <folder>',
      'write hub.config.json, hub.env and the folder files of the backup there, and nothing else',
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((file: string, options: RestoreCommand) => runCommand(options, () => restore(file, options)));
}

const HELP = `
On a new machine: 1. restore with --settings, 2. load hub.env, 3. restore again without it, 4. start the hub.
The written files have the mode 0600, hub.config.json 0644. Written by root, the group of the folder may read the folder files.
Everything is restored in one transaction: a broken backup leaves the database empty. At its next start the hub notices that
its database was restored, and asks partners before it sends.`;

async function restore(file: string, { key, settings }: RestoreCommand): Promise<Result> {
  const frames = openBackup(file, key);
  if (settings !== undefined) return writeSettings(await settingsIn(frames), resolve(settings));
  const config = loadConfig(process.env);
  const restored = await withServer(config, (url) => restoreInto(url, frames, config.secrets));
  const { start, rows } = restored;
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  return {
    text: `restored ${total} rows of ${Object.keys(rows).length} tables, as of ${start.takenAt}; next: lienthong doctor`,
    document: { takenAt: start.takenAt, hub: start.hub, rows },
  };
}

async function settingsIn(frames: AsyncGenerator<Frame>): Promise<Settings> {
  for await (const frame of frames) if ('fact' in frame && frame.fact.kind === 'start') return frame.fact.settings;
  throw new Error('this is not a backup of a hub');
}

function writeSettings(settings: Settings, folder: string): Result {
  const placed = placedFiles(settings, folder);
  const texts = {
    ...placed,
    'hub.env': Object.entries(settings.environment)
      .map(([name, value]) => environmentLine(name, value))
      .join(''),
  };
  const existing = Object.keys(texts).filter((name) => existsSync(join(folder, name)));
  if (existing.length > 0) throw new UsageError(`--settings: ${folder} already has ${existing.join(', ')}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    const mode = name === 'hub.config.json' ? 0o644 : 0o600;
    writeFileSync(join(folder, name), text, { flag: 'wx', mode });
    // The service's user reads the configuration, whatever the umask of root.
    chmodSync(join(folder, name), mode);
  }
  openToGroup(folder, Object.keys(placed));
  return {
    text: `written to ${folder}: ${Object.keys(texts).join(', ')}; load hub.env, then restore without --settings`,
    document: { folder, files: Object.keys(texts) },
  };
}

/**
 * Lets the group of the folder read keys and certificates that root wrote there: the hub runs as a user of that group. hub.env
 * stays with root, because systemd reads it.
 */
function openToGroup(folder: string, names: readonly string[]): void {
  const { gid } = statSync(folder);
  if (process.getuid?.() !== 0 || gid === 0) return;
  const files = names.filter((name) => dirname(name) !== '.');
  for (const name of new Set([...files.map((file) => dirname(file)), ...files])) {
    chownSync(join(folder, name), 0, gid);
    chmodSync(join(folder, name), files.includes(name) ? 0o640 : 0o750);
  }
}

/** @throws when the data of the backup is sealed under none of these secrets */
export async function restoreInto(
  url: string,
  frames: AsyncGenerator<Frame>,
  secrets: readonly string[],
): Promise<Restored> {
  const bar = createProgress('restore', 0);
  const database = openDatabase(url);
  try {
    return await restoreBackup(frames, {
      accept({ settings }) {
        const needed = settings.environment.HUB_SECRET as string;
        if (!secrets.includes(needed))
          throw new UsageError(
            'HUB_SECRET: the backup was sealed under another one; restore its settings with --settings first',
          );
      },
      migrateTo: (names) => migrateTo(database, names),
      connect: () => database.pool.connect(),
      tell: (table) => bar.update(0, `restoring ${table}`),
    });
  } finally {
    bar.stop();
    await database.close();
  }
}
