import type { Logger } from 'pino';
import type { Vault } from '../secrets/vault.ts';
import { type Clock, databaseClock } from './clock.ts';
import { migrate, newerOf, storedMigrations } from './migrate.ts';
import { noteMigrations } from './note-migrations.ts';
import { type Database, openDatabase, refuseOtherSettings, type Waits } from './pool.ts';
import { unopenedMessages } from './reseal.ts';

export interface StoreOptions extends Waits {
  /** A test's simulated time. By default the hub uses the database's clock. */
  readonly nowMs?: () => number;
  /** This machine's time. */
  readonly machineMs?: () => number;
}

/** The database and its clock. */
export interface Store {
  readonly database: Database;
  readonly nowMs: () => number;
  close(): Promise<void>;
}

/** Opens the database. Rejects, with nothing left open, when its settings do not fit. */
export async function openStore(url: string, log: Logger, options: StoreOptions): Promise<Store> {
  const database = openDatabase(url, options);
  try {
    await refuseOtherSettings(database);
    database.onMove((host) => log.warn({ host }, 'another host takes the writes of the database'));
    if (options.nowMs) return { database, nowMs: options.nowMs, close: () => database.close() };
    const clock = await databaseClock(database, options.machineMs ?? Date.now);
    logDifference(clock, log);
    database.onMove(() => void clock.compare());
    return {
      database,
      nowMs: clock.nowMs,
      async close() {
        clock.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

const CLOCKS_DIFFER_MS = 1_000;

function logDifference(clock: Clock, log: Logger): void {
  const aheadMs = Math.round(clock.aheadMs());
  if (Math.abs(aheadMs) > CLOCKS_DIFFER_MS)
    log.warn({ aheadMs }, "this machine's clock differs from the database's: the hub uses the database's");
}

/** Migrates the tables, and refuses a secret that cannot open them. */
export async function prepareStore({ database, nowMs }: Store, vault: Vault, log: Logger): Promise<void> {
  const applied = await migrate(database, nowMs(), () =>
    log.warn({}, 'a table that a migration changes is in use, perhaps by a backup: it is tried again'),
  );
  if (applied.length > 0) log.info({ applied }, 'migrated');
  const stored = await storedMigrations(database);
  if (stored.some(({ change }) => change === null)) await noteMigrations(database);
  const newer = newerOf(stored).map(({ name }) => name);
  if (newer.length > 0) log.warn({ newer }, 'tables of a newer version');
  await refuseOtherSecret(database, vault);
}

/**
 * With a wrong secret no stored message could be decrypted, and new ones would be sealed with it.
 * @throws an Error with the number of such messages
 */
export async function refuseOtherSecret(database: Database, vault: Vault): Promise<void> {
  const { looked, unopened } = (await unopenedMessages(database, vault, 100)).newest;
  if (unopened > 0)
    throw new Error(
      `${unopened} of the newest ${looked} messages are encrypted with a secret that is neither in HUB_SECRET nor in HUB_SECRET_OLD; add the previous secret to HUB_SECRET_OLD`,
    );
}
