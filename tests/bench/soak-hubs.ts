import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIMULATOR_TOKEN } from '../../adapters/one-stop/simulator.ts';
import { startChild } from '../../src/play/stage/child.ts';
import { freePort } from '../../src/play/stage/ports.ts';
import { prepareHub, readCatalogue } from './catalogue.ts';
import type { BenchDatabase } from './databases.ts';
import type { SoakTarget } from './soak-load.ts';

export interface SoakHubs {
  readonly target: SoakTarget;
  /** By name, the ids of their processes. */
  readonly processes: Readonly<Record<string, number>>;
  /** Those that have ended, and how. */
  readonly ended: readonly string[];
  stop(): Promise<void>;
}

const ROLES = { api: 'api', worker: 'worker,scheduler' } as const;

/** An API and a worker, each a process as `npm start` runs it, on one database with the catalogue in it. */
export async function startHubs(database: BenchDatabase, folder: string, partnerUrl: string): Promise<SoakHubs> {
  const secret = randomBytes(33).toString('base64url');
  const config = join(folder, 'hub.config.json');
  const file = {
    province: { code: 'H60', name: 'Tỉnh Tuyên Quang' },
    keys: [{ id: 'writer', secret, scopes: ['dossier:write'], party: 'one-stop' }],
    parties: {
      'one-stop': { adapter: 'one-stop' },
      partner: { adapter: 'one-stop', settings: { baseUrl: partnerUrl, token: SIMULATOR_TOKEN } },
    },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['partner'] }],
  };
  writeFileSync(config, JSON.stringify(file), { mode: 0o600 });
  const port = await freePort('127.0.0.1', 0);
  const env = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: database.url,
    HUB_SECRET: randomBytes(33).toString('base64url'),
    HUB_CONFIG: config,
    HUB_DATA_DIR: folder,
    // Its line for each attempt would dominate the measurement.
    LOG_LEVEL: 'warn',
    NODE_OPTIONS: '--max-semi-space-size=16',
    ...(process.env.REDIS_URL && { REDIS_URL: process.env.REDIS_URL }),
  };
  await prepareHub({ ...env, HUB_ROLES: 'api' });
  const ended: string[] = [];
  const children = Object.entries(ROLES).map(([name, roles]) => {
    const logFile = join(folder, `${name}.log`);
    const child = startChild({
      script: 'src/main.ts',
      env: { ...env, HUB_ROLES: roles },
      logFile,
      onLine: () => undefined,
    });
    void child.ended.then((how) => ended.push(`${name} ended (${how})`));
    return [name, child] as const;
  });
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(([, child]) => child.stop()));
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(url, ended);
  } catch (error) {
    await stop();
    throw error;
  }
  const [service] = readCatalogue('services');
  const [agency] = readCatalogue('agencies');
  return {
    target: { url, secret, service: { code: service?.code ?? '', agencyCode: agency?.code ?? '' } },
    processes: Object.fromEntries(children.map(([name, { pid }]) => [name, pid])),
    ended,
    stop,
  };
}

const READY_WITHIN_MS = 60_000;

async function untilReady(url: string, ended: readonly string[]): Promise<void> {
  for (const until = performance.now() + READY_WITHIN_MS; performance.now() < until; ) {
    if (ended.length > 0) throw new Error(ended.join(', '));
    const reply = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (reply?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the hub was not ready within ${READY_WITHIN_MS / 1000} s`);
}
