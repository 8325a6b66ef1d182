import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HubFile } from '../../config/config.ts';
import { ALL_KINDS } from '../../kinds/all-kinds.ts';
import type { Participant } from '../participants/participants.ts';
import { partiesOf, routesOf } from '../participants/parties.ts';

/** The ids of the keys of a play. */
export const KEY_IDS = ['portal', 'inspector', 'ops', 'one-stop', 'one-stop-legacy', 'one-stop-land', 'clerk'] as const;
export type Secrets = Readonly<Record<(typeof KEY_IDS)[number], string>>;

/** Short for a demo: the hub retries a partner within a second or two, and does not give it up for an hour. */
const RETRY_DELAYS_S = [
  [3, 0.5],
  [10, 1],
  [20, 2],
  [20, 10],
  [50, 60],
]
  .flatMap(([times, seconds]) => Array.from({ length: times as number }, () => seconds))
  .join(',');

export function createSecrets(): Secrets {
  return Object.fromEntries(KEY_IDS.map((id) => [id, randomBytes(24).toString('base64url')])) as Secrets;
}

/** What a play adds to the settings that its participants need. */
export interface OwnSettings {
  /** In place of the routes between the participants. */
  readonly routes?: HubFile['routes'];
  /** Its routes and keys come first, so a problem with one is reported at its place in the file of the integrator. */
  readonly more?: Pick<HubFile, 'parties' | 'routes' | 'keys' | 'files'>;
}

export const HUB_FILE = 'hub.config.json';

/**
 * Writes the hub's configuration into the run's folder, readable by the owner only. Returns its path.
 */
export function writeHubFile(
  folder: string,
  participants: readonly Participant[],
  secrets: Secrets,
  { routes = [...routesOf(participants)], more = {} }: OwnSettings = {},
): string {
  const path = join(folder, HUB_FILE);
  const file: HubFile = {
    province: { code: 'H60', name: 'Tỉnh Tuyên Quang', timezone: 'Asia/Ho_Chi_Minh' },
    keys: [
      ...(more.keys ?? []),
      { id: 'portal', secret: secrets.portal, scopes: ['index:read', 'catalogue:read'] },
      { id: 'inspector', secret: secrets.inspector, scopes: ['index:read', 'index:personal'] },
      { id: 'ops', secret: secrets.ops, scopes: ['ops:read', 'ops:body', 'ops:replay', 'ops:configure', 'ops:erase'] },
      { id: 'clerk', secret: secrets.clerk, scopes: ['register:ask'] },
      ...(['one-stop', 'one-stop-legacy', 'one-stop-land'] as const).map((party) => ({
        id: party,
        secret: secrets[party],
        scopes: ['dossier:write' as const, ...ALL_KINDS.map(({ scope }) => scope)],
        party,
      })),
    ],
    parties: { ...partiesOf(participants, Date.now()), ...more.parties },
    routes: [...(more.routes ?? []), ...routes],
  };
  const whole = more.files ? { ...file, files: more.files } : file;
  writeFileSync(path, JSON.stringify(whole, undefined, 2), { mode: 0o600 });
  return path;
}

export interface HubSettings {
  readonly folder: string;
  readonly config: string;
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
}

/** The settings of the hub's processes without their roles: the stage's settings override the environment. */
export function hubEnvironment(env: NodeJS.ProcessEnv, own: HubSettings): NodeJS.ProcessEnv {
  const { HUB_ROLES: _roles, HUB_SECRET_OLD: _old, HUB_MAX_BODY: _max, ...rest } = env;
  return {
    ...rest,
    HUB_DATA_DIR: own.folder,
    HUB_CONFIG: own.config,
    HOST: own.host,
    PORT: String(own.port),
    HUB_SECRET: randomBytes(48).toString('base64'),
    HUB_RETRY_DELAYS_S: RETRY_DELAYS_S,
    LOG_LEVEL: env.LOG_LEVEL === 'debug' || env.LOG_LEVEL === 'warn' ? env.LOG_LEVEL : 'info',
    DATABASE_URL: own.databaseUrl,
  };
}
