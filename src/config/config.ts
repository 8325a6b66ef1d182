import { accessSync, constants, existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { quote } from '#core/explain';
import { databaseHosts } from '#core/identifiers/database-hosts';
import type { KnownAdapters } from './check-parties.ts';
import type { HubFile } from './hub-file.ts';
import { readHubFile } from './read-hub-file.ts';
import { loadSecrets, OTHER_FOLDER } from './secrets.ts';

export { type HubFile, type KeyEntry, SCOPES, type Scope } from './hub-file.ts';

export const ROLES = ['api', 'worker', 'scheduler'] as const;
export type Role = (typeof ROLES)[number];

export interface Config {
  readonly databaseUrl: string | undefined;
  /** Replicas that answer reads. */
  readonly databaseReadUrls: readonly string[];
  /** No read goes to a replica that is further behind. */
  readonly replicaMaxLagMs: number;
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Port of the probes and metrics of a process without the role api; 0 for any free port. */
  readonly probesPort: number;
  readonly roles: readonly Role[];
  readonly retryDelaysMs: readonly number[];
  readonly maxBodyBytes: number;
  readonly logLevel: LogLevel;
  /** Present when tracing is on. */
  readonly traces: TraceSettings | undefined;
  /** Newest first. */
  readonly secrets: readonly [string, ...string[]];
  readonly file: HubFile;
  readonly filePath: string;
}

/** The target of traces (OTLP over HTTP), and the share of traced messages. */
export interface TraceSettings {
  readonly url: string;
  /** From 0 to 1. */
  readonly share: number;
}

/** The hub refuses to start; each problem names its setting, or the file and the place in it. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the settings are not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads all settings from the environment and the configuration file. The only place that reads them.
 * @param adapters to check parties and routes against; without them this check is skipped
 * @param mayCreate false: a missing secret of the embedded database is not created
 * @throws ConfigError with every problem at once
 */
export function loadConfig(env: Environment, adapters?: KnownAdapters, mayCreate = true): Config {
  const problems: string[] = [];
  const tell = (problem: string): unknown => problems.push(problem);
  const read = reader(env, tell);
  const { databaseUrl, dataDir, filePath } = placesIn(env, tell);
  const config: Config = {
    databaseUrl,
    databaseReadUrls: readUrls(env, databaseUrl, tell),
    replicaMaxLagMs: 1_000 * read('HUB_REPLICA_MAX_LAG_S', DEFAULT_LAG_S, LAG, lagSeconds),
    redisUrl: readUrl(env, 'REDIS_URL', ['redis:', 'rediss:'], tell),
    dataDir,
    host: read('HOST', '127.0.0.1', 'an address or a name, such as 127.0.0.1 or ::1, without a port', hostName),
    port: read('PORT', 8080, 'a port number from 0 to 65535', portNumber),
    probesPort: read('HUB_PROBES_PORT', 0, 'a port number from 0 to 65535', portNumber),
    roles: read<readonly Role[]>('HUB_ROLES', ROLES, `some of ${ROLES.join(',')}`, roles),
    retryDelaysMs: read('HUB_RETRY_DELAYS_S', DEFAULT_DELAYS_MS, DELAYS, delays),
    maxBodyBytes: read('HUB_MAX_BODY', 20 * MIB, BYTES, bytes),
    traces: readTraces(env, read, tell),
    logLevel: read('LOG_LEVEL', DEFAULT_LEVEL, `one of ${LEVELS.join(', ')}`, logLevel),
    secrets: loadSecrets(env, dataDir, databaseUrl, mayCreate, tell),
    file: readHubFile(filePath, env, tell, adapters),
    filePath,
  };
  if (databaseUrl === undefined && problems.length === 0) tellOfFolder(dataDir, tell);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Where the data and the configuration file are. */
export type Places = Pick<Config, 'databaseUrl' | 'dataDir' | 'filePath'>;

/** The places of settings that loadConfig refuses. It also says what is wrong with them. */
export function loadPlaces(env: Environment): Places {
  return placesIn(env, () => undefined);
}

function placesIn(env: Environment, tell: (problem: string) => unknown): Places {
  const read = reader(env, tell);
  return {
    databaseUrl: readUrl(env, 'DATABASE_URL', POSTGRES, tell),
    dataDir: resolve(read('HUB_DATA_DIR', './data', 'a folder', String)),
    filePath: resolve(read('HUB_CONFIG', './hub.config.json', 'a file', String)),
  };
}

/** The embedded database creates its files there. */
function tellOfFolder(dataDir: string, tell: (problem: string) => unknown): void {
  if (!existsSync(dataDir)) return;
  try {
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    tell(`HUB_DATA_DIR: nothing can be kept in ${dataDir}: ${(error as Error).message}; ${OTHER_FOLDER}`);
  }
}

/** The files of the hub's own database server; undefined with a given database. */
export function embeddedFolder({ databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>): string | undefined {
  return databaseUrl === undefined ? join(dataDir, 'postgres') : undefined;
}

/** The log level before the settings are checked; `loadConfig` reports a wrong one. */
export function logLevelOf(env: Environment): LogLevel {
  return logLevel(env.LOG_LEVEL?.trim() ?? '') ?? DEFAULT_LEVEL;
}

type Read = <T>(name: string, fallback: T, expected: string, parse: (text: string) => T | undefined) => T;

/** Reads one setting; blank counts as absent. */
function reader(env: Environment, tell: (problem: string) => unknown): Read {
  return (name, fallback, expected, parse) => {
    const text = env[name]?.trim();
    if (!text) return fallback;
    const value = parse(text);
    if (value === undefined) tell(`${name}: got ${quote(text)}, expected ${expected}`);
    return value ?? fallback;
  };
}

/** The value may contain a password, so it is not shown. */
function readUrl(
  env: Environment,
  name: string,
  protocols: readonly string[],
  tell: (problem: string) => unknown,
): string | undefined {
  const text = env[name]?.trim();
  if (!text) return undefined;
  const begins = protocols.some((one) => text.startsWith(`${one}//`));
  // The address of a database may name several hosts.
  const all = begins && protocols === POSTGRES ? databaseHosts(text) : [text];
  const canParse = all.every((one) => URL.canParse(one));
  if (begins && !canParse)
    tell(
      `${name}: cannot be read as an address; in user and password write %40 for @, %3A for :, %2F for /, %3F for ?, %23 for #, %25 for %`,
    );
  else if (!canParse || !protocols.includes(new URL(all[0] as string).protocol))
    tell(`${name}: expected an address that begins with ${protocols.map((one) => `${one}//`).join(' or ')}`);
  return text;
}

/** Some replicas, separated by commas. */
function readUrls(
  env: Environment,
  databaseUrl: string | undefined,
  tell: (problem: string) => unknown,
): readonly string[] {
  const texts = (env.DATABASE_READ_URLS ?? '').split(',').map((one) => one.trim());
  const given = texts.filter((one) => one !== '');
  if (given.length > 0 && databaseUrl === undefined)
    tell('DATABASE_READ_URLS: replicas need DATABASE_URL, the address of their primary');
  return given.map((one) => readUrl({ DATABASE_READ_URLS: one }, 'DATABASE_READ_URLS', POSTGRES, tell) as string);
}

const POSTGRES = ['postgres:', 'postgresql:'];

const SAMPLERS = ['always_on', 'traceidratio', 'parentbased_always_on', 'parentbased_traceidratio'];

/** The OpenTelemetry settings that decide whether and where to trace; its library reads the others itself. */
function readTraces(env: Environment, read: Read, tell: (problem: string) => unknown): TraceSettings | undefined {
  const own = readUrl(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', ['http:', 'https:'], tell);
  const all = readUrl(env, 'OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:'], tell);
  read('OTEL_EXPORTER_OTLP_PROTOCOL', '', 'http/json', (text) => (text.startsWith('http/') ? text : undefined));
  const sampler = read('OTEL_TRACES_SAMPLER', 'always_on', `one of ${SAMPLERS.join(', ')}`, (text) =>
    SAMPLERS.includes(text) ? text : undefined,
  );
  const share = read('OTEL_TRACES_SAMPLER_ARG', 1, 'a share from 0 to 1', (text) =>
    /^(0|1|0?\.\d+|1\.0+)$/.test(text) ? Number(text) : undefined,
  );
  const url = own ?? (all === undefined ? undefined : `${all.replace(/\/+$/, '')}/v1/traces`);
  if (url === undefined || env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined;
  return { url, share: sampler.endsWith('always_on') ? 1 : share };
}

/** From seconds to a day, for a week: partners have been away for days. */
const DEFAULT_DELAYS_MS: readonly number[] = [
  5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 86_400, 86_400, 86_400, 86_400, 86_400,
].map((seconds) => seconds * 1000);

/** A longer delay is a slip, such as milliseconds. */
const MAX_DELAY_S = 30 * 86_400;
const DELAYS = `seconds such as 5,30,120, each at most ${MAX_DELAY_S} (30 days)`;

const DEFAULT_LAG_S = 10;
/** A copy looks for late changes of the catalogue within five minutes. */
const MAX_LAG_S = 120;
const LAG = `seconds from 1 to ${MAX_LAG_S}`;

const MIB = 1024 * 1024;
/** A body becomes one text, of which Node holds 512 MiB, and one database value, limited to 1 GiB. */
const MAX_BODY_MIB = 256;
const BYTES = `a number of bytes, such as 20971520 or 20MiB, at most ${MAX_BODY_MIB}MiB`;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type LogLevel = (typeof LEVELS)[number];
const DEFAULT_LEVEL: LogLevel = 'info';

/** In a URL, addresses with colons stand in brackets. */
function hostName(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) > 0 || /^[\w.-]+$/.test(bare) ? bare : undefined;
}

function portNumber(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function roles(text: string): readonly Role[] | undefined {
  const given = new Set(text.split(',').map((role) => role.trim()));
  const known = ROLES.filter((role) => given.has(role));
  return known.length === given.size ? known : undefined;
}

function lagSeconds(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LAG_S ? Number(text) : undefined;
}

function delays(text: string): readonly number[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.every((part) => /^\d+(\.\d+)?$/.test(part) && Number(part) <= MAX_DELAY_S)) return undefined;
  return parts.map((part) => Number(part) * 1000);
}

function bytes(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+)\s*(?:([km])(?:i?b)?|b)?$/i.exec(text) ?? [];
  const value = Number(digits) * ({ k: 1024, m: MIB }[unit.toLowerCase()] ?? 1);
  return value > 0 && value <= MAX_BODY_MIB * MIB ? value : undefined;
}

function logLevel(text: string): LogLevel | undefined {
  return LEVELS.find((level) => level === text);
}
