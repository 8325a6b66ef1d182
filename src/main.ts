import { type Logger, pino } from 'pino';
import { loadAdapters } from './adapters.ts';
import { ConfigError, loadConfig } from './config.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { createHub } from './hub.ts';

/** The hub as a process: settings from the environment, until SIGTERM or SIGINT. */
export async function main(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const log = pino({
    level: env.LOG_LEVEL || 'info',
    base: { pid: process.pid },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  try {
    await run(env, log);
  } catch (error) {
    if (error instanceof ConfigError) for (const problem of error.problems) log.fatal({ problem }, 'settings');
    log.fatal({ error: (error as Error).message }, 'the hub did not start');
    process.exitCode = 1;
  }
}

async function run(env: NodeJS.ProcessEnv, log: Logger): Promise<void> {
  const config = loadConfig(env);
  const adapters = await loadAdapters();
  const embedded =
    config.databaseUrl === undefined
      ? await startEmbeddedPostgres({
          dataDir: `${config.dataDir}/postgres`,
          log: (fields, message) => log.info(fields, message),
        })
      : undefined;
  const hub = await createHub(config, config.databaseUrl ?? (embedded?.url as string), adapters, log).catch(
    async (error) => {
      await embedded?.stop();
      throw error;
    },
  );
  const url = await hub.start();
  log.info({ url, roles: config.roles, parties: [...hub.parties.keys()] }, url ? 'listening' : 'running');

  let stopping: Promise<void> | undefined;
  const stop = (signal: string): void => {
    stopping ??= (async () => {
      log.info({ signal }, 'stopping');
      // Whatever hangs, the process is gone within ten seconds; what was not settled is due again.
      setTimeout(() => process.exit(1), 9_500).unref();
      await hub.stop();
      await embedded?.stop();
      log.info({}, 'stopped');
    })();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

if (process.argv[1] && import.meta.filename === process.argv[1]) await main();
