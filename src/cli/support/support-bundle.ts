import { mkdirSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { sql } from 'kysely';
import { type Config, ConfigError, loadConfig, loadPlaces, type Places } from '../../config/config.ts';
import type { Database } from '../../database/pool.ts';
import { listIncidents } from '../../ledger/incidents.ts';
import { loadParties } from '../../ledger/party-health.ts';
import { type LoadedAdapter, loadAdapters } from '../../parties/load-adapters.ts';
import { examineHub } from '../doctor/doctor.ts';
import { type Finding, findingsOf } from '../doctor/finding.ts';
import { withDatabase } from '../open-database.ts';
import { type CommonOptions, type Result, readPackage, runCommand, USAGE } from '../run-command.ts';
import { writeWhole } from '../write-whole.ts';
import { HIDDEN, shownSettings } from './shown-settings.ts';

/** `lienthong support-bundle`: what a supplier needs to help, without secrets and personal data. */
export function addSupportBundle(program: Command): void {
  program
    .command('support-bundle')
    .description('write one readable file for the supplier: versions, settings, doctor, tables, backlog, incidents')
    .argument('[folder]', 'the folder of the new file', '.')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      `
It has no secret, no record and no text of a partner. Read it before you send it. The hub may run meanwhile.
It is written with unusable settings too, and says what it lacks then.
Exit codes: 0 written, 2 written with the problems of the settings, or not written.`,
    )
    .action((folder: string, options: CommonOptions) => runCommand(options, () => bundle(resolve(folder)), USAGE));
}

async function bundle(folder: string): Promise<Result> {
  const { config, adapters, problems } = await readSettings(process.env);
  const places = loadPlaces(process.env);
  const lacks: string[] = [];
  /** A part that cannot be made is its error. */
  const part = async (name: string, make: () => unknown): Promise<unknown> => {
    try {
      return await make();
    } catch (error) {
      const { message } = error as Error;
      lacks.push(`${name}: ${message}`);
      return { error: message };
    }
  };
  if (!config) lacks.push('doctor: it has the problems of the settings alone, which are not usable');
  const takenAt = new Date().toISOString();
  const roles = config?.roles ?? null;
  const file = await part('settings', () => shownSettings(places.filePath, adapters, config !== undefined));
  const content = {
    takenAt,
    hub: { version: readPackage().version, node: process.version, roles, adapters: [...adapters.keys()] },
    machine: machine(),
    settings: { variables: setVariables(process.env), file },
    doctor: config ? await examineHub(config) : problems.map(failed),
    database: await part('database', () => describeDatabase(places, problems)),
    lacks,
  };
  mkdirSync(folder, { recursive: true });
  const written = join(folder, `lienthong-support-${takenAt.replace(/[-:]|\.\d+/g, '')}.json`);
  await writeWhole(written, [`${JSON.stringify(content, null, 2)}\n`]);
  return {
    text: [`${written}: read it before you send it`, ...lacks.map((one) => `it lacks ${one}`)].join('\n'),
    document: { file: written, parts: Object.keys(content), lacks },
    incomplete: config === undefined,
  };
}

interface ReadSettings {
  /** Undefined: the hub would not start. */
  readonly config: Config | undefined;
  /** None when one of them is broken. */
  readonly adapters: ReadonlyMap<string, LoadedAdapter>;
  readonly problems: readonly string[];
}

async function readSettings(env: NodeJS.ProcessEnv): Promise<ReadSettings> {
  const problems: string[] = [];
  const adapters = await loadAdapters().catch(({ message }: Error) => {
    problems.push(message);
    return undefined;
  });
  const config = configIn(env, adapters, problems);
  return { config: problems.length === 0 ? config : undefined, adapters: adapters ?? new Map(), problems };
}

function configIn(
  env: NodeJS.ProcessEnv,
  adapters: ReadonlyMap<string, LoadedAdapter> | undefined,
  problems: string[],
): Config | undefined {
  try {
    return loadConfig(env, adapters, false);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** The log quotes wrong values for the operator. One of them may be a secret in a wrong place. */
const VALUE = /\bgot (?:"(?:[^"\\]|\\.)*"|-?[\d.e+]+)(?=,)/g;

const failed = (problem: string): Finding => findingsOf('settings')('fail', problem.replaceAll(VALUE, `got ${HIDDEN}`));

/** Also with other settings that are not usable. @throws when its own are not, or when it does not answer */
async function describeDatabase(places: Places, problems: readonly string[]): Promise<object> {
  const own = problems.find((one) => /^(?:DATABASE_URL|HUB_DATA_DIR): /.test(one));
  if (own !== undefined) throw new Error(own);
  return withDatabase(places, describe);
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
