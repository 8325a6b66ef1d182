import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../../config/config.ts';
import { lackingOf, type MigrationName, newerOf, storedMigrations, whyTooNew } from '../../database/migrate.ts';
import { MIGRATION_NOTES } from '../../database/migration-notes.ts';
import type { Database } from '../../database/pool.ts';
import { loadAdapters } from '../../parties/load-adapters.ts';
import { withDatabase } from '../open-database.ts';
import { type CommonOptions, type Result, readPackage, runCommand, USAGE, UsageError } from '../run-command.ts';
import { countedTables, inWords, JOBS, jobsOf, type RowCounts, startSeconds } from './estimate.ts';

interface UpgradeOptions extends CommonOptions {
  readonly check?: boolean;
}

/** `lienthong upgrade --check`: what the first start of this version changes. */
export function addUpgrade(program: Command): void {
  program
    .command('upgrade')
    .description('say what the first start of this version changes in the database, before it starts')
    .option('--check', 'required: the start itself upgrades, and this command changes nothing')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: UpgradeOptions) => runCommand(options, () => check(options), USAGE));
}

const HELP = `
Run it from the new version, with the settings of the hub, while the old version serves. It changes nothing.
Exit codes: 0 new processes may start beside old ones, 1 stop the old ones first, 2 this version cannot use the settings or
the database.`;

async function check({ check: isAsked }: UpgradeOptions): Promise<Result> {
  if (!isAsked) throw new UsageError('upgrade needs --check; to upgrade, install the new version and start it');
  const config = loadConfig(process.env, await loadAdapters(), false);
  return withDatabase(config, (database) => examine(database, config));
}

/** A pending migration, for people and programs. */
interface Pending {
  readonly name: MigrationName;
  readonly change: string;
  readonly stopOlder: string | undefined;
  readonly seconds: number;
}

async function examine(database: Database, { filePath }: Config): Promise<Result> {
  const { version } = readPackage();
  const stored = await storedMigrations(database);
  const tooNew = whyTooNew(stored);
  if (tooNew !== undefined) throw new Error(tooNew);
  const newer = newerOf(stored);
  const names = lackingOf(stored);
  const configuration = existsSync(filePath) ? filePath : null;
  if (stored.length === 0)
    return {
      text: `lienthong ${version}: the database is empty, and the first start creates the tables\n${usable(filePath)}`,
      document: { version, configuration, pending: [], beside: true },
    };
  const notes = names.map((name) => MIGRATION_NOTES[name]);
  const rows = await countRows(database, countedTables(notes));
  const pending = names.map((name) => pendingOf(name, rows));
  const jobs = jobsOf(notes, rows).map(({ job, seconds }) => ({ job, says: JOBS[job].says, seconds }));
  const settings = names.flatMap((name) => MIGRATION_NOTES[name].settings ?? []);
  const beside = pending.every(({ stopOlder }) => stopOlder === undefined);
  const seconds = pending.reduce((sum, one) => sum + one.seconds, 0);
  const dossiers = rows.get('dossiers') ?? 0;
  const found = { version, configuration, newer, dossiers, pending, beside, seconds, jobs, settings };
  return { text: textOf(found, usable(filePath)), document: found, failed: !beside };
}

/** Without a file the settings are usable too, but they are hardly those of the hub. */
function usable(filePath: string): string {
  return existsSync(filePath)
    ? `settings: this version can use ${filePath}`
    : `settings: there is no configuration file ${filePath}, so no party and no key were checked; set HUB_CONFIG as for the hub`;
}

function pendingOf(name: MigrationName, rows: RowCounts): Pending {
  const note = MIGRATION_NOTES[name];
  return { name, change: note.change, stopOlder: note.stopOlder, seconds: startSeconds(note, rows) };
}

/** Estimates by the statistics of the server, which cost nothing. */
async function countRows({ pool }: Database, tables: readonly string[]): Promise<RowCounts> {
  const { rows } = await pool.query<{ table: string; rows: number }>(
    `SELECT c.relname AS table, sum(greatest(leaf.reltuples, s.n_live_tup, 0))::float8 AS rows
     FROM pg_class c LEFT JOIN pg_inherits i ON i.inhparent = c.oid
     JOIN pg_class leaf ON leaf.oid = coalesce(i.inhrelid, c.oid) LEFT JOIN pg_stat_user_tables s ON s.relid = leaf.oid
     WHERE c.relname = ANY($1) AND c.relnamespace = current_schema()::regnamespace GROUP BY c.relname`,
    [tables],
  );
  return new Map(rows.map(({ table, rows: count }) => [table, Math.round(count)]));
}

interface Found {
  readonly version: string;
  readonly newer: readonly { readonly name: string }[];
  readonly dossiers: number;
  readonly pending: readonly Pending[];
  readonly beside: boolean;
  readonly seconds: number;
  readonly jobs: readonly { readonly says: string; readonly seconds: number }[];
  readonly settings: readonly string[];
}

function textOf({ version, newer, dossiers, pending, beside, seconds, jobs, settings }: Found, usable: string): string {
  const head = `lienthong ${version}, ${dossiers} dossiers`;
  if (newer.length > 0)
    return `${head}: the tables are of a newer version (${newer.map(({ name }) => name).join(', ')}), and this version may run on them\n${usable}`;
  if (pending.length === 0) return `${head}: the tables are of this version, nothing is to be migrated\n${usable}`;
  const against = pending.filter(({ stopOlder }) => stopOlder !== undefined);
  return [
    `${head}: ${pending.length === 1 ? '1 migration is' : `${pending.length} migrations are`} pending`,
    ...pending.map((one) => `  ${one.name}: ${one.change}${one.seconds < 1 ? '' : ` Takes ${inWords(one.seconds)}.`}`),
    beside
      ? 'beside old processes: yes, replace one process after the other'
      : 'beside old processes: no, stop all of them before the first start. An old process must not run, because:',
    ...against.map(({ name, stopOlder }) => `  ${name}: ${stopOlder}`),
    `the first start takes ${inWords(seconds)} longer`,
    ...jobs.map((job) => `afterwards, while the hub serves: ${job.says}, ${inWords(job.seconds)}`),
    usable,
    ...settings.map((change) => `  changed: ${change}`),
  ].join('\n');
}
