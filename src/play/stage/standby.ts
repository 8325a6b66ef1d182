import { appendFileSync, chmodSync, chownSync, copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Account } from '../../embedded-postgres/account.ts';
import { dataFolderOf, placeCluster, removeCluster } from '../../embedded-postgres/cluster.ts';
import { findPostmaster } from '../../embedded-postgres/server.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../embedded-postgres/start.ts';
import { freePort } from './ports.ts';
import type { Janitor } from './start-janitor.ts';

/** A primary with a synchronous standby, both embedded. They change places with each failover. */
export interface Pair {
  /** Names both hosts. */
  readonly url: string;
  /** The address of the present primary alone. */
  primaryUrl(): string;
  /** `kill -9` of the primary and a new start. */
  kill(): Promise<void>;
  /** `kill -9` of the standby and a new start. Commits wait meanwhile. */
  killStandby(): Promise<void>;
  /** `kill -9` of the primary. A second later the standby takes over and gets a synchronous standby of its own. */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

interface Server {
  readonly dataDir: string;
  readonly port: number;
  readonly running: EmbeddedPostgres;
}

const SETTINGS = {
  max_connections: '120',
  restart_after_crash: 'on',
  shared_buffers: '64MB',
  wal_keep_size: '1GB',
  wal_sender_timeout: '2s',
  // After a restart of the primary, commits wait until the standby asks again: 5 s by default.
  wal_retrieve_retry_interval: '500ms',
};
/** How long a watcher of the primary needs to notice its end. */
const NOTICED_MS = 1_000;
const NAME = 'standby';

export async function openPair(folder: string, janitor: Janitor): Promise<Pair> {
  const start = async (dataDir: string, port: number): Promise<Server> => {
    const running = await startEmbeddedPostgres({ dataDir, port, settings: SETTINGS });
    // PostgreSQL's own user may not reach the run's folder.
    janitor.add({ kind: 'cluster', dataDir: dataFolderOf(dataDir) });
    return { dataDir, port, running };
  };
  const dirs = [join(folder, 'postgres'), join(folder, 'postgres-2')] as const;
  for (const dataDir of dirs) janitor.add({ kind: 'cluster', dataDir });
  let primary = await start(dirs[0], await freePort('127.0.0.1', 0));
  let standby = await attach(primary, { dataDir: dirs[1], port: await freePort('127.0.0.1', 0) }, start);
  return {
    url: primary.running.url.replace(`:${primary.port}/`, `:${primary.port},127.0.0.1:${standby.port}/`),
    primaryUrl: () => primary.running.url,
    async kill() {
      await killServer(primary);
      primary = await start(primary.dataDir, primary.port);
    },
    async killStandby() {
      await killServer(standby);
      standby = await start(standby.dataDir, standby.port);
    },
    async failOver() {
      const old = primary;
      await killServer(old);
      await sleep(NOTICED_MS);
      await execute(standby.running.url, 'SELECT pg_promote()');
      primary = standby;
      removeCluster(old.dataDir);
      standby = await attach(primary, old, start);
    },
    async close() {
      await standby.running.stop();
      await primary.running.stop();
    },
  };
}

/** Its supervisor would start it again, even at the end, so the supervisor must stop it. */
async function killServer({ dataDir, running }: Server): Promise<void> {
  const server = findPostmaster(dataFolderOf(dataDir));
  if (server) process.kill(server.pid, 'SIGKILL');
  await running.stop();
}

/** Makes a synchronous standby of the primary. Until then the primary commits alone. */
async function attach(
  primary: Server,
  { dataDir, port }: Pick<Server, 'dataDir' | 'port'>,
  start: (dataDir: string, port: number) => Promise<Server>,
): Promise<Server> {
  await copyPrimary(primary, dataDir);
  const standby = await start(dataDir, port);
  await execute(primary.running.url, `ALTER SYSTEM SET synchronous_standby_names = ${NAME}`, 'SELECT pg_reload_conf()');
  const isSynchronous = `SELECT FROM pg_stat_replication WHERE application_name = '${NAME}' AND sync_state = 'sync'`;
  for (let looks = 0; (await execute(primary.running.url, isSynchronous)) === 0; looks++) {
    if (looks === MOST_LOOKS) throw new Error(`the standby at port ${port} does not follow the primary`);
    await sleep(LOOK_MS);
  }
  return standby;
}

const LOOK_MS = 200;
const MOST_LOOKS = 150;

/** A base backup by copying the files of the running primary. The embedded PostgreSQL has no pg_basebackup. */
async function copyPrimary({ dataDir, running }: Server, to: string): Promise<void> {
  const from = dataFolderOf(dataDir);
  const { dataDir: target, account } = placeCluster(to);
  const client = new pg.Client(running.url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`SELECT pg_backup_start('${NAME}', true)`);
    await copyFiles(from, target);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    writeFileSync(join(target, 'backup_label'), rows[0]?.labelfile as string);
  } finally {
    await client.end();
  }
  const { port, username, password } = new URL(running.url);
  const primary = `host=127.0.0.1 port=${port} user=${username} password=${password} application_name=${NAME}`;
  const settings = `primary_conninfo = '${primary}'\nsynchronous_standby_names = ''\n`;
  appendFileSync(join(target, 'postgresql.auto.conf'), settings);
  writeFileSync(join(target, 'standby.signal'), '');
  copyFileSync(`${from}.password`, `${target}.password`);
  giveTo(account, target);
}

/** The running server's own state, and what the standby gets by streaming. */
const NOT_COPIED = /^(?:postmaster\.(?:pid|opts)|standby\.signal|(?:pg_wal|pg_replslot|pg_dynshmem|pg_stat_tmp)\/.*)$/;
const MOST_COPIES = 5;

/** A file that ends meanwhile starts the copy again: the WAL since the start of the backup covers all other changes. */
async function copyFiles(from: string, to: string): Promise<void> {
  const filter = (file: string): boolean => !NOT_COPIED.test(relative(from, file).split(sep).join('/'));
  for (let copies = 1; ; copies++)
    try {
      rmSync(to, { recursive: true, force: true });
      return await cp(from, to, { recursive: true, filter });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || copies === MOST_COPIES) throw error;
    }
}

/** PostgreSQL takes only a closed folder of its own account. */
function giveTo({ uid, gid }: Account, folder: string): void {
  chmodSync(folder, 0o700);
  if (uid === undefined || gid === undefined) return;
  for (const entry of ['', ...(readdirSync(folder, { recursive: true }) as string[])])
    chownSync(join(folder, entry), uid, gid);
}

/** Runs statements one after the other. @returns the rows of the last one */
async function execute(url: string, ...statements: readonly string[]): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let rows = 0;
    for (const statement of statements) rows = (await client.query(statement)).rows.length;
    return rows;
  } finally {
    await client.end();
  }
}
