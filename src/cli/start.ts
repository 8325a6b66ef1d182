import type { Command } from 'commander';
import { logLevelOf } from '../config/config.ts';
import { startHub } from '../main.ts';
import { createLog } from '../process/log.ts';
import { endWithNpm } from './end-with-npm.ts';
import { type CommonOptions, failWith, printDocument } from './run-command.ts';

/** `lienthong start`: runs the hub in this process, like `npm start`. */
export function addStart(program: Command): void {
  program
    .command('start')
    .description('run the hub in this process until SIGTERM or SIGINT, with the settings of the environment')
    .option('--json', 'print one JSON document on stdout when it listens; the log goes to stderr')
    .addHelpText('after', SETTINGS)
    .action(async (options: CommonOptions) => {
      endWithNpm(process.env, () => process.kill(process.pid, 'SIGTERM'));
      try {
        const { url, roles, parties } = await startHub(
          process.env,
          createLog(logLevelOf(process.env), options.json ? 2 : 1),
        );
        if (options.json) printDocument({ url, roles, parties, pid: process.pid });
      } catch (error) {
        failWith(error as Error, options.json ?? false);
      }
    });
}

const SETTINGS = `
Settings: DATABASE_URL DATABASE_READ_URLS HUB_REPLICA_MAX_LAG_S REDIS_URL HUB_DATA_DIR HUB_CONFIG HOST PORT HUB_ROLES
HUB_PROBES_PORT HUB_RETRY_DELAYS_S HUB_MAX_BODY HUB_SECRET HUB_SECRET_OLD LOG_LEVEL. Without any of them it runs on an embedded PostgreSQL under ./data.`;
