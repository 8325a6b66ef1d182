import { type Config, embeddedFolder } from '../config.ts';
import { type Database, openDatabase, refuseOtherSettings } from '../database/pool.ts';
import { startEmbeddedPostgres } from '../embedded-postgres/start.ts';

/** Work on the hub's database, given or embedded; an embedded server that was not running is stopped afterwards. */
export async function withDatabase<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
  const folder = embeddedFolder(config);
  const embedded = folder === undefined ? undefined : await startEmbeddedPostgres({ dataDir: folder });
  try {
    const database = openDatabase(config.databaseUrl ?? (embedded?.url as string));
    try {
      await refuseOtherSettings(database);
      return await work(database);
    } finally {
      await database.close();
    }
  } finally {
    await embedded?.stop();
  }
}
