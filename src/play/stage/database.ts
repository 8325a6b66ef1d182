import { join } from 'node:path';
import pg from 'pg';
import { findPostmaster } from '../../embedded-postgres/server.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../embedded-postgres/start.ts';
import { createOwnDatabase } from './own-database.ts';
import { freePort } from './ports.ts';
import type { Janitor } from './start-janitor.ts';

/** The hubs' database, and what is done to it. */
export interface ProofDatabase {
  readonly url: string;
  readonly says: string;
  /** `kill -9` of the server, and a new start; undefined where the server is not ours. */
  readonly kill: (() => Promise<void>) | undefined;
  /** End all sessions, as a restart or a fail-over does. */
  cut(): Promise<void>;
  /** Asks again until the database is there. */
  rows<T>(text: string, values?: readonly unknown[]): Promise<readonly T[]>;
  close(): Promise<void>;
}

/** A database of its own on the server of DATABASE_URL, or an embedded server of its own in this folder. */
export async function openDatabase(
  serverUrl: string | undefined,
  folder: string,
  janitor: Janitor,
): Promise<ProofDatabase> {
  if (serverUrl) {
    const { url, name } = await createOwnDatabase(serverUrl);
    janitor.add({ kind: 'database', serverUrl, name });
    return {
      ...asking(url),
      says: 'PostgreSQL of DATABASE_URL (its sessions are cut, it is not killed)',
      kill: undefined,
    };
  }
  const dataDir = join(folder, 'postgres');
  const port = await freePort('127.0.0.1', 0);
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir, port, settings: { max_connections: '120', restart_after_crash: 'on' } });
  janitor.add({ kind: 'cluster', dataDir });
  let embedded = await start();
  const asked = asking(embedded.url);
  return {
    ...asked,
    says: 'an embedded PostgreSQL of its own',
    async kill() {
      const server = findPostmaster(dataDir);
      if (server) process.kill(server.pid, 'SIGKILL');
      // Whoever looks after one that has ended starts it again as well, also when all is over.
      await embedded.stop();
      embedded = await start();
    },
    async close() {
      await asked.close();
      await embedded.stop();
    },
  };
}

const LOOK_MS = 200;
const ANSWERS_WITHIN_MS = 60_000;

function asking(url: string): Pick<ProofDatabase, 'url' | 'cut' | 'rows' | 'close'> {
  const pool = new pg.Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  const rows = async <T>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> => {
    for (const until = performance.now() + ANSWERS_WITHIN_MS; ; ) {
      try {
        return (await pool.query(text, [...values])).rows as T[];
      } catch (error) {
        if (isWrongStatement(error) || performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    }
  };
  return {
    url,
    rows,
    async cut() {
      await rows(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
    },
    close: () => pool.end(),
  };
}

/** Class 42: no use in asking again. */
function isWrongStatement(error: unknown): boolean {
  return ((error as { code?: string }).code ?? '').startsWith('42');
}
