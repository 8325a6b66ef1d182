import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../../process/make-folders.ts';
import { startPartners } from '../participants/partners.ts';
import { openDatabase } from '../stage/database.ts';
import { createSecrets, hubEnvironment, type Secrets, writeHubFile } from '../stage/hub-file.ts';
import { type HubOptions, superviseHub } from '../stage/hub-processes.ts';
import { interrupted } from '../stage/interruption.ts';
import { freePort } from '../stage/ports.ts';
import { openBell } from '../stage/redis.ts';
import type { Janitor } from '../stage/start-janitor.ts';
import type { Troubled } from './inject-faults.ts';

/** Everything that the proof runs, each in a process of its own. */
export interface Stage extends Troubled {
  readonly url: string;
  readonly secrets: Secrets;
  /** The settings of the hub's processes, without their roles. */
  readonly env: NodeJS.ProcessEnv;
  readonly on: readonly string[];
  /** Processes that ended without being killed. */
  readonly deaths: readonly string[];
  /** Errors in the processes' logs, with their counts. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface StageOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
  /** The folder in which logs stay; by default a folder that is removed. */
  readonly logs: string | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const HOST = '127.0.0.1';
/** After so frequent ends before listening, another start would not help. */
const MOST_STARTS = 40;
const PROCESSES = { api: 'api', 'worker-1': 'worker,scheduler', 'worker-2': 'worker,scheduler' } as const;

export async function openStage(janitor: Janitor, options: StageOptions): Promise<Stage> {
  const { env, logs, signal, say } = options;
  const folder = makeFolder(env.HUB_DATA_DIR?.trim() || tmpdir(), janitor);
  const database = await openDatabase(env.DATABASE_URL?.trim() || undefined, folder, janitor);
  try {
    const bell = await openBell(env.REDIS_URL?.trim() || undefined, folder, janitor);
    const on = [database.says, bell.says];
    for (const line of on) say(`runs on ${line}`);
    signal.throwIfAborted();
    const partners = await startPartners({ path: logs ?? folder });
    for (const { child } of Object.values(partners)) janitor.addProcess(child);
    const hubs = await startHubs(janitor, { ...options, folder, database, bell, partners });
    say(`three processes of the hub are up: ${Object.keys(PROCESSES).join(', ')}; ${hubs.url}`);
    return { ...hubs, on, database, bell, partners };
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface HubsOptions extends StageOptions, Pick<Stage, 'database' | 'bell' | 'partners'> {
  readonly folder: string;
}

async function startHubs(
  janitor: Janitor,
  { env, port, logs, signal, folder, database, bell, partners }: HubsOptions,
): Promise<Pick<Stage, 'url' | 'secrets' | 'env' | 'deaths' | 'failures' | 'hubs'>> {
  const secrets = createSecrets();
  const config = writeHubFile({ path: folder }, partners, secrets);
  const own = { folder: { path: folder }, config, host: HOST, port: await freePort(HOST, port) };
  const { REDIS_URL: _, ...settings } = hubEnvironment(env, { ...own, databaseUrl: database.url });
  const hubEnv = { ...settings, ...(bell.url && { REDIS_URL: bell.url }) };
  const deaths: string[] = [];
  const failures: Record<string, number> = {};
  const options: HubOptions = {
    folder: logs ?? folder,
    env: hubEnv,
    mostStarts: MOST_STARTS,
    onStart: (child) => void janitor.addProcess(child),
    onLine(name, { level, where, msg, error }) {
      if (level !== 'error' && level !== 'fatal') return;
      const what = `${name.replace(/-\d+$/, '')}: ${where ?? msg}: ${error}`.slice(0, 200);
      failures[what] = (failures[what] ?? 0) + 1;
    },
    onEnd(name, how, isOwn) {
      if (isOwn && !signal.aborted) deaths.push(`${name} ended by itself (${how})`);
    },
  };
  signal.throwIfAborted();
  const hubs = Object.entries(PROCESSES).map(([name, roles]) =>
    superviseHub(name, { ...options, env: { ...hubEnv, HUB_ROLES: roles } }),
  );
  for (const { lost } of hubs) lost.catch((error: Error) => deaths.push(error.message));
  signal.addEventListener('abort', () => hubs.forEach((hub) => void hub.stop()), { once: true });
  await Promise.race([Promise.all(hubs.map(({ up }) => up)), interrupted(signal)]);
  return { url: `http://${HOST}:${own.port}`, secrets, env: hubEnv, deaths, failures, hubs };
}

/** Others may pass through the folder but not read it: PostgreSQL runs as another user when root starts it. */
function makeFolder(root: string, janitor: Janitor): string {
  makeFolders(root);
  const folder = mkdtempSync(join(realpathSync(root), 'lienthong-prove-'));
  janitor.add({ kind: 'folder', path: folder });
  chmodSync(folder, 0o711);
  return folder;
}
