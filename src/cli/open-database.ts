import { type Config, embeddedFolder } from '../config/config.ts';
import { type Database, openDatabase, refuseOtherSettings } from '../database/pool.ts';
import { startEmbeddedPostgres } from '../embedded-postgres/start.ts';
import { onEnd } from '../process/ending.ts';
import { FAILED } from './run-command.ts';

/** Work on the hub's database, given or embedded; an embedded server that was not running is stopped afterwards. */
export async function withDatabase<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
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

/** The same for the address of the database; who interrupts the work leaves no server behind either. */
export async function withServer<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
  const folder = embeddedFolder(config);
  if (folder === undefined) return work(config.databaseUrl as string);
  const starting = startEmbeddedPostgres({ dataDir: folder });
  const listenNoLonger = onEnd(
    () => void starting.then((embedded) => embedded.stop()).finally(() => process.exit(FAILED)),
  );
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
