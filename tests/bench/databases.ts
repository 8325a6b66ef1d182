import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/start.ts';

export interface Server {
  readonly url: string;
  readonly embedded: boolean;
  stop(): Promise<void>;
}

/** The server of DATABASE_URL, otherwise an embedded one in this folder. */
export async function openServer(databaseUrl: string | undefined, folder: string): Promise<Server> {
  if (databaseUrl) return { url: databaseUrl, embedded: false, stop: async () => undefined };
  const { url, stop } = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  return { url, embedded: true, stop };
}

/** A separate database for the benchmark. */
export interface BenchDatabase {
  readonly url: string;
  rows<T>(text: string, values?: readonly unknown[]): Promise<readonly T[]>;
  /** Removes all dossiers and their rows; the catalogue stays. */
  empty(): Promise<void>;
  /** Writes out the last measurement's dirty pages, so that the next one does not pay for them. */
  settle(): Promise<void>;
  drop(): Promise<void>;
}

export async function createDatabase(server: Server): Promise<BenchDatabase> {
  const name = `bench_${randomBytes(6).toString('hex')}`;
  await execute(server.url, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  pool.on('error', () => undefined);
  const rows = async <T>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> =>
    (await pool.query(text, [...values])).rows as T[];
  return {
    url: url.href,
    rows,
    async empty() {
      const tables = await rows<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND NOT relispartition AND relname <> ALL ($1)`,
        [KEPT],
      );
      await rows(`TRUNCATE ${tables.map((table) => table.name).join(', ')}`);
    },
    async settle() {
      await rows('CHECKPOINT');
      await sleep(PAUSE_MS);
    },
    async drop() {
      await pool.end();
      await execute(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

const KEPT = ['hub_migrations', 'hub_migrations_lock', 'catalogue', 'catalogue_versions', 'change_counter'];
const PAUSE_MS = 500;

async function execute(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
