import { join } from 'node:path';
import pg from 'pg';
import { dataFolderOf } from '../../embedded-postgres/cluster.ts';
import { findPostmaster } from '../../embedded-postgres/server.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../embedded-postgres/start.ts';
import { createOwnDatabase } from './own-database.ts';
import { freePort } from './ports.ts';
import { openPair } from './standby.ts';
import type { Janitor } from './start-janitor.ts';

/** The hubs' database, and the faults that it offers. */
export interface StageDatabase {
  readonly url: string;
  readonly says: string;
  /** `kill -9` of the server and a new start; undefined for a foreign server. */
  readonly kill: (() => Promise<void>) | undefined;
  /** `kill -9` of the standby and a new start; undefined without a standby. */
  readonly killStandby: (() => Promise<void>) | undefined;
  /** `kill -9` of the primary, whose standby takes over; undefined without a standby. */
  readonly failOver: (() => Promise<void>) | undefined;
  /** Ends all sessions, as a restart or a failover does. */
  cut(): Promise<void>;
  /** Retries until the database answers. */
  rows<T>(text: string, values?: readonly unknown[]): Promise<readonly T[]>;
  close(): Promise<void>;
}

/** A separate database on the server of DATABASE_URL, or a separate embedded server in this folder. */
export async function openDatabase(
  serverUrl: string | undefined,
  folder: string,
  janitor: Janitor,
): Promise<StageDatabase> {
  if (serverUrl) {
    const { url, name } = await createOwnDatabase(serverUrl);
    janitor.add({ kind: 'database', serverUrl, name });
    return {
      url,
      ...asking(() => url),
      says: 'PostgreSQL of DATABASE_URL (its sessions are cut, it is not killed)',
      kill: undefined,
      killStandby: undefined,
      failOver: undefined,
    };
  }
  const dataDir = join(folder, 'postgres');
  const port = await freePort('127.0.0.1', 0);
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir, port, settings: { max_connections: '120', restart_after_crash: 'on' } });
  janitor.add({ kind: 'cluster', dataDir });
  let embedded = await start();
  // PostgreSQL's own user may not reach the run's folder.
  const placedDir = dataFolderOf(dataDir);
  if (placedDir !== dataDir) janitor.add({ kind: 'cluster', dataDir: placedDir });
  const { url } = embedded;
  const asked = asking(() => url);
  return {
    url,
    ...asked,
    says: 'an embedded PostgreSQL of its own',
    killStandby: undefined,
    failOver: undefined,
    async kill() {
      const server = findPostmaster(placedDir);
      if (server) process.kill(server.pid, 'SIGKILL');
      // Its supervisor would start it again, even at the end, so the supervisor must stop it.
      await embedded.stop();
      embedded = await start();
    },
    async close() {
      await asked.close();
      await embedded.stop();
    },
  };
}

/** The same with a synchronous standby that takes over. */
export async function openDatabaseWithStandby(folder: string, janitor: Janitor): Promise<StageDatabase> {
  const { primaryUrl, close, ...pair } = await openPair(folder, janitor);
  const asked = asking(primaryUrl);
  return {
    ...pair,
    ...asked,
    says: 'an embedded PostgreSQL of its own with a synchronous standby',
    async close() {
      await asked.close();
      await close();
    },
  };
}

const LOOK_MS = 200;
const ANSWERS_WITHIN_MS = 60_000;

/** @param primaryUrl the server that takes writes now */
function asking(primaryUrl: () => string): Pick<StageDatabase, 'cut' | 'rows' | 'close'> {
  const pools = new Map<string, pg.Pool>();
  const poolNow = (): pg.Pool => {
    const url = primaryUrl();
    const pool = pools.get(url) ?? new pg.Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 5_000 });
    if (!pools.has(url)) pool.on('error', () => undefined);
    pools.set(url, pool);
    return pool;
  };
  const rows = async <T>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> => {
    for (const until = performance.now() + ANSWERS_WITHIN_MS; ; ) {
      try {
        return (await poolNow().query(text, [...values])).rows as T[];
      } catch (error) {
        if (isWrongStatement(error) || performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    }
  };
  return {
    rows,
    async cut() {
      await rows(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

/** Class 42: a retry would not help. */
function isWrongStatement(error: unknown): boolean {
  return ((error as { code?: string }).code ?? '').startsWith('42');
}
