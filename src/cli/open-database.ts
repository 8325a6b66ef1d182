import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { type Config, embeddedFolder } from '../config/config.ts';
import { type Database, openDatabase, refuseOtherSettings } from '../database/pool.ts';
import { dataFolderOf } from '../embedded-postgres/cluster.ts';
import type { ServerSettings } from '../embedded-postgres/settings.ts';
import { startEmbeddedPostgres } from '../embedded-postgres/start.ts';
import { onEnd } from '../process/ending.ts';
import { UsageError } from './run-command.ts';
import { isBreakable } from './until-signal.ts';

export interface OpenOptions {
  /** Makes the embedded database if it is missing. Otherwise a new and empty one would pass for that of the hub. */
  readonly mayCreate?: boolean;
}

/**
 * Works on the hub's database, given or embedded. Afterwards it stops an embedded server that it started.
 * @throws UsageError when there is no database
 */
export async function withDatabase<T>(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  work: (database: Database) => Promise<T>,
  { mayCreate = false }: OpenOptions = {},
): Promise<T> {
  if (!mayCreate) requireDatabase(config);
  return withServer(config, async (url) => {
    const database = openDatabase(url);
    try {
      await refuseOtherSettings(database);
      return await work(database);
    } finally {
      await database.close();
    }
  });
}

/**
 * The same with the database's address. An interrupted command leaves no server running either. The server outlives a work that
 * a signal breaks off.
 */
export async function withServer<T>(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  work: (url: string) => Promise<T>,
  { isDisposable = false }: Pick<ServerSettings, 'isDisposable'> = {},
): Promise<T> {
  const folder = embeddedFolder(config);
  if (folder === undefined) return work(config.databaseUrl as string);
  const starting = startEmbeddedPostgres({ dataDir: folder, isDisposable });
  const listenNoLonger = onEnd((signal) => {
    if (isBreakable()) return;
    // As a shell reports the signal. Listeners of the exit remove the rest.
    void starting.then((embedded) => embedded.stop()).finally(() => process.exit(128 + constants.signals[signal]));
  });
  try {
    const embedded = await starting;
    try {
      return await work(embedded.url);
    } finally {
      await embedded.stop();
    }
  } finally {
    listenNoLonger();
  }
}

/** @throws UsageError when there is no DATABASE_URL and no embedded database */
export function requireDatabase(config: Pick<Config, 'databaseUrl' | 'dataDir'>): void {
  const folder = embeddedFolder(config);
  if (folder === undefined || existsSync(dataFolderOf(folder))) return;
  throw new UsageError(
    `there is no DATABASE_URL and no embedded database in ${folder}, expected the database of the hub; set the variables of the hub in this shell, such as DATABASE_URL or HUB_DATA_DIR`,
  );
}
