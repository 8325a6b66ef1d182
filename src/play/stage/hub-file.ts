import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIMULATOR_TOKEN } from '../../../adapters/one-stop/simulator.ts';
import type { HubFile } from '../../config/config.ts';
import { CIVIL_STATUS_SERVICES } from '../day/day.ts';
import type { Partners } from '../participants/partners.ts';
import type { Folder } from './folder.ts';

const KEY_IDS = ['portal', 'inspector', 'ops', 'one-stop', 'one-stop-legacy'] as const;
export type Secrets = Readonly<Record<(typeof KEY_IDS)[number], string>>;

/** The secret that signs the status pushes of the civil-status system. */
export const CALLBACK_SECRET = 'demo-callback-secret';

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

/** Writes the hub's configuration into the run's folder, readable by the owner only. Returns its path. */
export function writeHubFile(
  folder: Pick<Folder, 'path'>,
  partners: Partners,
  secrets: Secrets,
  more: Pick<HubFile, 'parties' | 'routes'> = {},
): string {
  const path = join(folder.path, 'hub.config.json');
  const file = hubFile(partners, secrets);
  const whole = {
    ...file,
    parties: { ...file.parties, ...more.parties },
    routes: [...(file.routes ?? []), ...(more.routes ?? [])],
  };
  writeFileSync(path, JSON.stringify(whole, undefined, 2), { mode: 0o600 });
  return path;
}

function hubFile(partners: Partners, secrets: Secrets): HubFile {
  const portal = partners['national-portal'].url;
  const ministry = partners['civil-status'].url;
  return {
    province: { code: 'H60', name: 'Tỉnh Tuyên Quang', timezone: 'Asia/Ho_Chi_Minh' },
    keys: [
      { id: 'portal', secret: secrets.portal, scopes: ['index:read', 'catalogue:read'] },
      { id: 'inspector', secret: secrets.inspector, scopes: ['index:read', 'index:personal'] },
      { id: 'ops', secret: secrets.ops, scopes: ['ops:read', 'ops:body', 'ops:replay', 'ops:configure'] },
      { id: 'one-stop', secret: secrets['one-stop'], scopes: ['dossier:write'], party: 'one-stop' },
      {
        id: 'one-stop-legacy',
        secret: secrets['one-stop-legacy'],
        scopes: ['dossier:write'],
        party: 'one-stop-legacy',
      },
    ],
    parties: {
      'one-stop': { adapter: 'one-stop', settings: { baseUrl: partners['one-stop'].url, token: SIMULATOR_TOKEN } },
      'one-stop-legacy': { adapter: 'one-stop', settings: {} },
      'national-portal': {
        adapter: 'national-portal',
        settings: {
          adapterUrl: portal,
          username: 'h60',
          password: 'demo-password',
          dstcode: 'VN:GOV:000.00.00.G22:vpcpdvcprovider',
          madonvi: 'H60',
          timeoutS: 10,
        },
      },
      'civil-status': {
        adapter: 'civil-status',
        settings: {
          tokenUrl: `${ministry}/token`,
          baseUrl: ministry,
          consumerKey: 'h60',
          consumerSecret: 'demo-secret',
          lgspAccessToken: 'demo-token',
          callbackSecret: CALLBACK_SECRET,
          maTinh: '08',
          maDonVi: '02269',
          timeoutS: 10,
        },
        pull: { results: '*/2 * * * * *' },
      },
    },
    routes: [
      ...['one-stop', 'one-stop-legacy'].flatMap((from) => both(from, ['national-portal'])),
      {
        from: 'one-stop',
        operation: 'dossier.upsert.v1',
        to: ['civil-status'],
        services: [...CIVIL_STATUS_SERVICES],
      },
      ...both('civil-status', ['national-portal']),
      { from: 'civil-status', operation: 'dossier.progress.v1', to: ['one-stop'] },
    ],
  };
}

function both(from: string, to: string[]): NonNullable<HubFile['routes']> {
  return ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({ from, operation, to }));
}

/** The settings of the hub's process: the demo's settings override the environment. */
export function hubEnvironment(
  env: NodeJS.ProcessEnv,
  own: {
    readonly folder: Pick<Folder, 'path'>;
    readonly config: string;
    readonly host: string;
    readonly port: number;
    readonly databaseUrl?: string;
  },
): NodeJS.ProcessEnv {
  const { HUB_ROLES: _roles, HUB_SECRET_OLD: _old, HUB_MAX_BODY: _max, DATABASE_URL: _database, ...rest } = env;
  return {
    ...rest,
    HUB_DATA_DIR: own.folder.path,
    HUB_CONFIG: own.config,
    HOST: own.host,
    PORT: String(own.port),
    HUB_SECRET: randomBytes(48).toString('base64'),
    HUB_RETRY_DELAYS_S: RETRY_DELAYS_S,
    LOG_LEVEL: env.LOG_LEVEL === 'debug' ? 'debug' : 'info',
    ...(own.databaseUrl && { DATABASE_URL: own.databaseUrl }),
  };
}
