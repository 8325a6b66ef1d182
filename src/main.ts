import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { collectDefaultMetrics } from 'prom-client';
import { ConfigError, embeddedFolder, loadConfig, logLevelOf, type Role } from './config/config.ts';
import { waitForServer } from './database/wait-for-server.ts';
import { startEmbeddedPostgres } from './embedded-postgres/start.ts';
import { createHub } from './hub.ts';
import { loadAdapters } from './parties/load-adapters.ts';
import { endSoon, onEnd } from './process/ending.ts';
import { createLog, logListening } from './process/log.ts';
import { createServiceManager } from './process/service-manager.ts';

/** The hub as a process: reads settings from the environment and runs until SIGTERM or SIGINT. */
export async function main(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const log = createLog(logLevelOf(env));
  try {
    await startHub(env, log);
  } catch (error) {
    const isSettings = error instanceof ConfigError;
    if (isSettings) for (const problem of error.problems) log.fatal({ problem }, 'settings');
    log.fatal({ error: (error as Error).message }, 'the hub did not start');
    // As of the commands.
    process.exitCode = isSettings ? 2 : 1;
    endSoon();
  }
}

/** How long a start waits for the database, because both may start at the same time. */
const DATABASE_MS = 30_000;

export interface RunningHub {
  /** Without the role `api` it serves only probes and metrics. */
  readonly url: string;
  readonly roles: readonly Role[];
  readonly parties: readonly string[];
}

/**
 * Starts the hub in this process. It runs until SIGTERM or SIGINT.
 *
 * @throws ConfigError with all problems of the settings, or an Error that says why the hub cannot run
 */
export async function startHub(env: NodeJS.ProcessEnv, log: Logger): Promise<RunningHub> {
  delayFullCollections();
  const ending = untilSignal();
  const adapters = await loadAdapters();
  const config = loadConfig(env, adapters);
  const folder = embeddedFolder(config);
  const embedded =
    folder !== undefined
      ? await startEmbeddedPostgres({
          dataDir: folder,
          log: (fields, message, level = 'info') => log[level](fields, message),
        })
      : undefined;
  if (config.databaseUrl !== undefined) {
    let isWaiting = true;
    // Nothing is open yet that must be closed.
    void ending.then(() => isWaiting && process.exit(0));
    await waitForServer(config.databaseUrl, DATABASE_MS, (why) =>
      log.warn({ why, forS: DATABASE_MS / 1000 }, 'waiting for the database'),
    );
    isWaiting = false;
  }
  const hub = await createHub(config, config.databaseUrl ?? (embedded?.url as string), adapters, log).catch(
    async (error) => {
      await embedded?.stop();
      throw error;
    },
  );
  // Memory and event loop belong to the process, which may hold several hubs in tests.
  collectDefaultMetrics({ register: hub.metrics });
  const url = await hub.start().catch(async (error) => {
    // The port may be taken, for example. Running parts would keep the process alive.
    await hub.stop();
    await embedded?.stop();
    throw error;
  });
  const running = { url, roles: config.roles, parties: [...hub.parties.keys()] };
  logListening(log, running);
  const serviceManager = createServiceManager(env, log);
  serviceManager.ready();

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    serviceManager.stopping();
    await hub.stop();
    await embedded?.stop();
    log.info({}, 'stopped');
    // Everything is closed. Bull's open connection attempts would keep the process alive.
    process.exit();
  };
  ending.then(stop).catch((error: Error) => {
    log.error({ error: error.message }, 'the hub did not stop in order');
    process.exit(1);
  });
  return running;
}

/**
 * Resolves at a signal. The process ends within ten seconds even if something hangs; unsettled deliveries are then due
 * again.
 */
function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    onEnd((signal) => {
      setTimeout(() => process.exit(1), 9_500).unref();
      resolve(signal);
    });
  });
}

if (process.argv[1] && import.meta.filename === process.argv[1]) await main();

/**
 * Lets V8 use up the room of its old generation before it begins a full collection: it begins at 80 % of the room, and at
 * once at 95 %. By default it begins with 16 MB left of 23, so the short-lived buffers of requests start one every second.
 * A hub under 2,000 pushes a second spent a tenth of its processor time on them. Costs at most 11 MB of memory.
 */
function delayFullCollections(): void {
  setFlagsFromString('--incremental-marking-soft-trigger=80');
  setFlagsFromString('--incremental-marking-hard-trigger=95');
}
