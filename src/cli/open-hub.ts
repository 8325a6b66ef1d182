import { pino } from 'pino';
import { type Config, type Environment, loadConfig } from '../config/config.ts';
import { createHub, type Hub } from '../hub.ts';
import { loadAdapters } from '../parties/load-adapters.ts';
import { logLines } from '../process/log-lines.ts';
import { type OpenOptions, requireDatabase, withServer } from './open-database.ts';
import { UsageError } from './run-command.ts';

/**
 * Settings of a command that works with a hub.
 * @throws ConfigError with all problems at once, before any query
 */
export async function loadHubConfig(env: Environment, { mayCreate = false }: OpenOptions = {}): Promise<Config> {
  return loadConfig(env, await loadAdapters(), mayCreate);
}

/** @throws UsageError when the configuration has no such party, before any query */
export function requireParty({ file }: Config, party: string): void {
  const parties = Object.keys(file.parties ?? {});
  if (!parties.includes(party))
    throw new UsageError(`there is no party ${JSON.stringify(party)}; there are ${parties.join(', ') || 'none'}`);
}

interface HubOptions extends OpenOptions {
  /** Level of the log. `error` for a disposable copy: its hub warns that the database was restored. */
  readonly level?: 'warn' | 'error';
}

/**
 * Works with a hub that is composed but not started: it listens on no port, delivers nothing by itself, and may share its
 * database with other processes. Its log goes to stderr.
 *
 * @throws UsageError when there is no database
 */
export async function withHub<T>(
  config: Config,
  work: (hub: Hub) => Promise<T>,
  { level = 'warn', mayCreate = false }: HubOptions = {},
): Promise<T> {
  if (!mayCreate) requireDatabase(config);
  const adapters = await loadAdapters();
  return withServer(config, async (url) => {
    const log = pino({ level }, logLines(2));
    const hub = await createHub(config, url, adapters, log);
    try {
      return await work(hub);
    } finally {
      await hub.stop();
    }
  });
}
