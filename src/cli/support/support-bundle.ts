import { mkdirSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { sql } from 'kysely';
import { loadConfig } from '../../config/config.ts';
import type { Database } from '../../database/pool.ts';
import { listIncidents } from '../../ledger/incidents.ts';
import { loadParties } from '../../ledger/party-health.ts';
import { loadAdapters } from '../../parties/load-adapters.ts';
import { examineHub } from '../doctor/doctor.ts';
import { withDatabase } from '../open-database.ts';
import { type CommonOptions, type Result, readPackage, runCommand } from '../run-command.ts';
import { writeWhole } from '../write-whole.ts';
import { shownSettings } from './shown-settings.ts';

/** `lienthong support-bundle`: what a supplier needs to help, without secrets and personal data. */
export function addSupportBundle(program: Command): void {
  program
    .command('support-bundle')
    .description('write one readable file for the supplier: versions, settings, doctor, tables, backlog, incidents')
    .argument('[folder]', 'the folder of the new file', '.')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      '\nIt has no secret, no record and no text of a partner. Read it before you send it. The hub may run meanwhile.',
    )
    .action((folder: string, options: CommonOptions) => runCommand(options, () => bundle(resolve(folder))));
}

async function bundle(folder: string): Promise<Result> {
  const adapters = await loadAdapters();
  const config = loadConfig(process.env, adapters, false);
  const takenAt = new Date().toISOString();
  const content = {
    takenAt,
    hub: { version: readPackage().version, node: process.version, roles: config.roles, adapters: [...adapters.keys()] },
    machine: machine(),
    settings: { variables: setVariables(process.env), file: shownSettings(config.filePath, adapters) },
    doctor: await examineHub(config),
    database: await withDatabase(config, describe).catch((error: Error) => ({ error: error.message })),
  };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `lienthong-support-${takenAt.replace(/[-:]|\.\d+/g, '')}.json`);
  await writeWhole(file, [`${JSON.stringify(content, null, 2)}\n`]);
  return { text: `${file}: read it before you send it`, document: { file, parts: Object.keys(content) } };
}

function machine(): object {
  const { rss, heapUsed } = process.memoryUsage();
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return {
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    processors: os.availableParallelism(),
    memory: gib(os.totalmem()),
    free: gib(os.freemem()),
    load: os.loadavg(),
    uptimeS: Math.round(os.uptime()),
    process: { rss, heapUsed },
  };
}

/** The hub's variables that are set, by name. Their values may be secret. */
function setVariables(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.keys(env)
    .filter((name) => /^(?:HUB_|OTEL_|DATABASE_|REDIS_URL$|PORT$|HOST$|LOG_LEVEL$|NODE_OPTIONS$)/.test(name))
    .sort();
}

const INCIDENTS = 200;
const SERVER_SETTINGS = [
  'server_version',
  'shared_buffers',
  'work_mem',
  'max_connections',
  'synchronous_commit',
  'fsync',
  'wal_level',
  'autovacuum',
];

async function describe(database: Database): Promise<object> {
  const { query } = database;
  const [tables, settings, migrations, sizes, parties, incidents] = await Promise.all([
    sql`SELECT relname AS table, n_live_tup AS rows, n_dead_tup AS dead, pg_total_relation_size(relid) AS bytes,
               last_autovacuum AS vacuumed, last_autoanalyze AS analyzed
        FROM pg_stat_user_tables ORDER BY pg_total_relation_size(relid) DESC`.execute(query),
    sql`SELECT name, setting, unit FROM pg_settings WHERE name = ANY(${SERVER_SETTINGS}) ORDER BY name`.execute(query),
    sql<{ name: string }>`SELECT name FROM hub_migrations ORDER BY name`.execute(query),
    sql<{ bytes: string }>`SELECT pg_database_size(current_database()) AS bytes`.execute(query),
    loadParties(database, Date.now()),
    listIncidents(database, { isOpen: false }, INCIDENTS, undefined),
  ]);
  return {
    bytes: sizes.rows[0]?.bytes,
    settings: settings.rows,
    migrations: migrations.rows.map(({ name }) => name),
    tables: tables.rows,
    // A partner's own words may name a person.
    parties: parties.map(({ lastErrorDetail: _, lastErrorWords: __, pulls, ...party }) => ({
      ...party,
      pulls: pulls.map(({ name, nextAt, lastAt, isRunning }) => ({ name, nextAt, lastAt, isRunning })),
    })),
    incidents: incidents.map(({ id, party, kind, openedAt, closedAt }) => ({ id, party, kind, openedAt, closedAt })),
  };
}
