import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { type TestDatabase, testDatabase } from './database.ts';
import { lienthongHere, type Ran, type Running, startLienthong } from './lienthong.ts';
import { testFolder } from './process.ts';

/** Commands on one hub: a folder with its configuration, and a separate empty database. */
export interface CommandScene {
  readonly folder: string;
  /** The environment of each command: database address, secret, configuration. */
  env(): Readonly<Record<string, string>>;
  start(...args: string[]): Running;
  run(...args: string[]): Promise<Ran>;
  /** The same in this process; see lienthongHere. */
  here(...args: string[]): Promise<Ran>;
  query(sql: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** A session of its own, such as for locks. The caller ends it. */
  session(): Promise<pg.Client>;
  /** Counts the rows of `table`, or `table WHERE …`. */
  count(from: string): Promise<number>;
  /** Writes a file into the folder and returns its path. */
  file(name: string, content: string | Buffer): string;
}

/** Set up before the tests of the calling file, and removed after them. */
export function commandScene(config: object = { parties: { 'one-stop': { adapter: 'one-stop' } } }): CommandScene {
  const folder = testFolder(config);
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await testDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
    folder.remove();
  });

  const env = () => ({
    DATABASE_URL: database.url,
    HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
    HUB_CONFIG: folder.configPath,
  });
  const start = (...args: string[]) => startLienthong(args, env(), folder.path);
  const query = (sql: string, values?: unknown[]) => pool.query(sql, values);
  return {
    folder: folder.path,
    env,
    start,
    run: (...args) => start(...args).ended,
    here: (...args) => lienthongHere(args, env(), folder.path),
    query,
    async session() {
      const client = new pg.Client({ connectionString: database.url });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    count: async (from) => Number((await query(`SELECT count(*) AS n FROM ${from}`)).rows[0].n),
    file(name, content) {
      const path = join(folder.path, name);
      writeFileSync(path, content);
      return path;
    },
  };
}
