import { chmodSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPartners } from '../demo/partners.ts';
import { freePort } from '../demo/ports.ts';
import { createSecrets, hubEnvironment, type Secrets, writeHubFile } from '../demo/settings.ts';
import { openBell } from './bell.ts';
import type { Troubled } from './bring.ts';
import { openDatabase } from './database.ts';
import { keepProved } from './hubs.ts';
import type { Keeper } from './keeping.ts';

/** Everything that the proof runs, each in a process of its own. */
export interface Stage extends Troubled {
  readonly url: string;
  readonly secrets: Secrets;
  /** The settings of the hub's processes, but for their roles. */
  readonly env: NodeJS.ProcessEnv;
  readonly on: readonly string[];
  /** Processes that ended although nobody killed them. */
  readonly deaths: readonly string[];
  /** What the processes complained of, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface StageOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
  /** Where logs go and stay; otherwise into a folder that is removed. */
  readonly logs: string | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const HOST = '127.0.0.1';
const PROCESSES = { api: 'api', 'worker-1': 'worker,scheduler', 'worker-2': 'worker,scheduler' } as const;

export async function openStage(keeper: Keeper, { env, port, logs, signal, say }: StageOptions): Promise<Stage> {
  const folder = makeFolder(env.HUB_DATA_DIR?.trim() || tmpdir(), keeper);
  const logFolder = logs ?? folder;
  const database = await openDatabase(env.DATABASE_URL?.trim() || undefined, folder, keeper);
  const bell = await openBell(env.REDIS_URL?.trim() || undefined, folder, keeper);
  const on = [database.says, bell.says];
  for (const line of on) say(`runs on ${line}`);
  const partners = await startPartners({ path: logFolder });
  for (const { child } of Object.values(partners)) keeper.keepProcess(child);
  const secrets = createSecrets();
  const config = writeHubFile({ path: folder }, partners, secrets);
  const own = {
    folder: { path: folder },
    config,
    host: HOST,
    port: await freePort(HOST, port),
    databaseUrl: database.url,
  };
  const { REDIS_URL: _, ...settings } = hubEnvironment(env, own);
  const hubEnv = { ...settings, ...(bell.url && { REDIS_URL: bell.url }) };
  const deaths: string[] = [];
  const failures: Record<string, number> = {};
  const means = {
    folder: logFolder,
    env: hubEnv,
    keeper,
    signal,
    onDeath: (name: string, how: string) => void deaths.push(`${name} ended by itself (${how})`),
    onFailure(name: string, { where, msg, error }: Readonly<Record<string, unknown>>) {
      const what = `${name.replace(/-\d+$/, '')}: ${where ?? msg}: ${error}`.slice(0, 200);
      failures[what] = (failures[what] ?? 0) + 1;
    },
  };
  const hubs = Object.entries(PROCESSES).map(([name, roles]) => keepProved(name, roles, means));
  await Promise.all(hubs.map(({ up }) => up));
  const url = `http://${HOST}:${own.port}`;
  say(`three processes of the hub are up: ${Object.keys(PROCESSES).join(', ')}; ${url}`);
  return { url, secrets, env: hubEnv, on, deaths, failures, hubs, database, bell, partners };
}

/** Open to be passed through: as root, PostgreSQL runs as nobody. */
function makeFolder(root: string, keeper: Keeper): string {
  mkdirSync(root, { recursive: true });
  const folder = mkdtempSync(join(realpathSync(root), 'lienthong-prove-'));
  keeper.keep({ kind: 'folder', path: folder });
  chmodSync(folder, 0o755);
  return folder;
}
