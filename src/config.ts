import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { explain } from '#core/explain';
import type { Problem } from '#core/problem';
import { AGENCY_CODE, closed, FIELD_CODE, oneOf, SERVICE_CODE } from '#schemas/parts';

export const SCOPES = [
  'dossier:write',
  'index:read',
  'index:personal',
  'catalogue:read',
  'ops:read',
  'ops:body',
  'ops:replay',
  'ops:configure',
] as const;
export type Scope = (typeof SCOPES)[number];

export const ROLES = ['api', 'worker', 'scheduler'] as const;
export type Role = (typeof ROLES)[number];

const Id = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
  description: 'an id of lower-case letters, digits, dots and hyphens',
});

const Key = closed({
  id: Type.String({ minLength: 1, maxLength: 100, description: 'a user name' }),
  secret: Type.String({ minLength: 8, description: 'a secret of at least 8 characters' }),
  scopes: Type.Array(oneOf(SCOPES)),
  party: Type.Optional(Id),
});

const PartyEntry = closed({
  adapter: Id,
  settings: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'an object of settings' })),
  authoritative: Type.Optional(Type.Boolean()),
  pull: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'cron schedules by what is pulled' })),
});

const RouteEntry = closed({
  from: Id,
  operation: Type.String({ description: 'an operation such as dossier.upsert.v1' }),
  to: Type.Array(Id, { minItems: 1, description: 'a list of parties' }),
  services: Type.Optional(Type.Array(Type.String({ pattern: SERVICE_CODE, description: 'a procedure code' }))),
  fields: Type.Optional(Type.Array(Type.String({ pattern: FIELD_CODE, description: 'a field code' }))),
});

/** What HUB_CONFIG may say. */
export const HubFile = closed({
  province: Type.Optional(
    closed({
      code: Type.String({ pattern: AGENCY_CODE, description: 'a province code such as H60' }),
      name: Type.String({ minLength: 1 }),
      timezone: Type.Optional(oneOf(['Asia/Ho_Chi_Minh'])),
    }),
  ),
  keys: Type.Optional(Type.Array(Key)),
  parties: Type.Optional(Type.Record(Type.String(), PartyEntry)),
  routes: Type.Optional(Type.Array(RouteEntry)),
  retentionMonths: Type.Optional(Type.Integer({ minimum: 1, description: 'a whole number of months' })),
});
export type HubFile = Type.Static<typeof HubFile>;
export type KeyEntry = Type.Static<typeof Key>;

export interface Config {
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly roles: readonly Role[];
  readonly retryDelaysMs: readonly number[];
  readonly maxBodyBytes: number;
  readonly logLevel: string;
  /** The newest first. */
  readonly secrets: readonly [string, ...string[]];
  readonly file: HubFile;
  readonly filePath: string;
}

/** The start is refused; each problem names its setting, or the file and the place in it. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the settings are not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Read all settings from the environment and the configuration file. The only place that reads them.
 *
 * @throws ConfigError with every problem at once
 */
export function loadConfig(env: Environment): Config {
  const problems: string[] = [];
  const read = <T>(name: string, fallback: T, parse: (text: string) => T | string): T => {
    const text = env[name]?.trim();
    if (!text) return fallback;
    const value = parse(text);
    if (typeof value !== 'string' || typeof fallback === 'string') return value as T;
    problems.push(`${name}: got ${JSON.stringify(text)}, expected ${value}`);
    return fallback;
  };
  const dataDir = resolve(env.HUB_DATA_DIR?.trim() || './data');
  const databaseUrl = url(env, 'DATABASE_URL', ['postgres:', 'postgresql:'], problems);
  const filePath = resolve(env.HUB_CONFIG?.trim() || './hub.config.json');
  const config = {
    databaseUrl,
    redisUrl: url(env, 'REDIS_URL', ['redis:', 'rediss:'], problems),
    dataDir,
    host: env.HOST?.trim() || '127.0.0.1',
    port: read('PORT', 8080, (text) => wholeNumber(text, 0, 65_535) ?? 'a port number from 0 to 65535'),
    roles: read<readonly Role[]>('HUB_ROLES', ROLES, (text) => roles(text) ?? `some of ${ROLES.join(',')}`),
    retryDelaysMs: read('HUB_RETRY_DELAYS_S', DEFAULT_DELAYS_MS, (text) => delays(text) ?? 'seconds such as 5,30,120'),
    maxBodyBytes: read(
      'HUB_MAX_BODY',
      20 * 1024 * 1024,
      (text) => bytes(text) ?? 'a number of bytes, such as 20971520 or 20MiB',
    ),
    logLevel: env.LOG_LEVEL?.trim() || 'info',
    secrets: secrets(env, dataDir, databaseUrl !== undefined, problems),
    file: loadFile(filePath, env, problems),
    filePath,
  };
  if (!LEVELS.includes(config.logLevel))
    problems.push(`LOG_LEVEL: got ${JSON.stringify(config.logLevel)}, expected one of ${LEVELS.join(', ')}`);
  if (config.redisUrl === undefined && config.roles.length < ROLES.length)
    problems.push('HUB_ROLES: some of the roles need REDIS_URL, because processes ring one another through Redis');
  if (problems.length > 0) throw new ConfigError(problems);
  return config as Config;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** From seconds to a day, for a week: partners have been away for days. */
const DEFAULT_DELAYS_MS = [
  5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 86_400, 86_400, 86_400, 86_400,
].map((seconds) => seconds * 1000);

function url(env: Environment, name: string, protocols: readonly string[], problems: string[]): string | undefined {
  const text = env[name]?.trim();
  if (!text) return undefined;
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
    // The value may carry a password: it is not shown.
    problems.push(
      `${name}: expected an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );
    return undefined;
  }
  return text;
}

function wholeNumber(text: string, from: number, to: number): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= from && value <= to ? value : undefined;
}

function roles(text: string): readonly Role[] | undefined {
  const given = text.split(',').map((role) => role.trim());
  return given.every((role): role is Role => ROLES.includes(role as Role)) ? given : undefined;
}

function delays(text: string): readonly number[] | undefined {
  const seconds = text.split(',').map((part) => (/^\d+(\.\d+)?$/.test(part.trim()) ? Number(part) : Number.NaN));
  return seconds.every(Number.isFinite) ? seconds.map((value) => value * 1000) : undefined;
}

function bytes(text: string): number | undefined {
  const match = /^(\d+)\s*(k|m)?i?b?$/i.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * ({ k: 1024, m: 1024 * 1024 }[match[2]?.toLowerCase() ?? ''] ?? 1);
}

const MIN_SECRET_BYTES = 32;
const WEAK = /^(.)\1*$|^(?:change|default|secret|password|123456)/i;

function secrets(env: Environment, dataDir: string, required: boolean, problems: string[]): readonly string[] {
  const given = [env.HUB_SECRET, ...(env.HUB_SECRET_OLD?.split(',') ?? [])]
    .map((text) => text?.trim())
    .filter((text) => text);
  for (const secret of given as string[]) {
    if (Buffer.byteLength(secret) < MIN_SECRET_BYTES)
      problems.push(`HUB_SECRET: expected at least ${MIN_SECRET_BYTES} bytes, got ${Buffer.byteLength(secret)}`);
    else if (WEAK.test(secret))
      problems.push('HUB_SECRET: expected random bytes, got a text that can be guessed; try: openssl rand -base64 48');
  }
  if (env.HUB_SECRET?.trim()) return given as string[];
  if (required) {
    problems.push('HUB_SECRET: is missing; it is required with DATABASE_URL; make one with: openssl rand -base64 48');
    return ['missing'];
  }
  return [generatedSecret(dataDir, problems), ...(given as string[])];
}

/** On the embedded default the secret is made once and kept beside the data, for the hub's own user only. */
function generatedSecret(dataDir: string, problems: string[]): string {
  const path = join(dataDir, 'secret');
  try {
    if (!existsSync(path)) {
      mkdirSync(dataDir, { recursive: true });
      writeFileSync(path, randomBytes(48).toString('base64'), { mode: 0o600, flag: 'wx' });
    }
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    problems.push(`HUB_SECRET: cannot be kept in ${path}: ${(error as Error).message}`);
    return 'missing';
  }
}

const checkFile = Compile(HubFile);

function loadFile(path: string, env: Environment, problems: string[]): HubFile {
  const tell = (problem: Problem): unknown => problems.push(`${path} ${problem.path || '/'}: ${problem.message}`);
  if (!existsSync(path)) {
    if (env.HUB_CONFIG?.trim()) problems.push(`HUB_CONFIG: ${path} does not exist`);
    return {};
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    problems.push(`HUB_CONFIG: ${path} cannot be read: ${(error as Error).message}`);
    return {};
  }
  const filled = fillIn(value, env, '', tell);
  if (!checkFile.Check(filled)) {
    for (const problem of explain(HubFile, checkFile, filled)) tell(problem);
    return {};
  }
  for (const problem of meaningProblems(filled as HubFile)) tell(problem);
  return filled as HubFile;
}

/** Replace `${NAME}` in every text by the environment's value. */
function fillIn(value: unknown, env: Environment, path: string, tell: (problem: Problem) => unknown): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
      const given = env[name];
      if (given === undefined) tell({ path, message: `the environment has no ${name}` });
      return given ?? whole;
    });
  if (Array.isArray(value)) return value.map((item, at) => fillIn(item, env, `${path}/${at}`, tell));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, fillIn(member, env, `${path}/${name}`, tell)]),
  );
}

/** What the schema cannot say: names that must exist, and be told apart. */
function meaningProblems(file: HubFile): readonly Problem[] {
  const problems: Problem[] = [];
  const parties = new Set(Object.keys(file.parties ?? {}));
  const name = (path: string, party: string): void => {
    if (!parties.has(party))
      problems.push({
        path,
        message: `got ${JSON.stringify(party)}, expected one of the parties ${[...parties].join(', ') || '(there is none)'}`,
      });
  };
  const ids = new Set<string>();
  const seen = new Set<string>();
  for (const [at, key] of (file.keys ?? []).entries()) {
    if (ids.has(key.id))
      problems.push({ path: `/keys/${at}/id`, message: `${JSON.stringify(key.id)} is the id of another key` });
    if (seen.has(key.secret)) problems.push({ path: `/keys/${at}/secret`, message: 'it is the secret of another key' });
    ids.add(key.id);
    seen.add(key.secret);
    if (key.party !== undefined) name(`/keys/${at}/party`, key.party);
  }
  for (const [at, route] of (file.routes ?? []).entries()) {
    name(`/routes/${at}/from`, route.from);
    for (const [to, party] of route.to.entries()) name(`/routes/${at}/to/${to}`, party);
  }
  return problems;
}
