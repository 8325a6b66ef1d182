import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Cluster, ROLE } from './cluster.ts';
import { readPassword } from './data-folder.ts';
import { codeOf } from './files.ts';
import { logTail, type Postmaster } from './server.ts';

export const HUB_DATABASE = 'lienthong';
export const READY_WITHIN_MS = 60_000;

/** Waits for the server. True when SELECT 1 succeeds, false when the process ended first. */
export async function isReady(cluster: Cluster, server: Postmaster, deadline: number): Promise<boolean> {
  const url = urlOf(cluster, server.port, 'postgres');
  // Each early attempt adds a line to the server's log, so the pauses grow during a long recovery.
  for (let refusals = 0, pauseMs = 25; ; await delay(pauseMs), pauseMs = Math.min(pauseMs * 1.2, 500)) {
    try {
      await query(url, 'SELECT 1');
      return true;
    } catch (error) {
      if (!server.isRunning()) return false;
      // One refusal can come from another server that took the port first. Ours then ends.
      if (/^28/.test(codeOf(error)) && ++refusals > 10) {
        throw new Error(`PostgreSQL ${server.pid} refuses the password in ${cluster.dataDir}.password`, {
          cause: error,
        });
      }
      if (Date.now() > deadline) {
        // The server keeps running: ending a recovery would restart it from the beginning. The next start waits for
        // it.
        const why = `${error instanceof Error ? error.message : error}. ${logTail(cluster, server.logOffset)}`;
        throw new Error(`PostgreSQL ${server.pid} is not ready after ${READY_WITHIN_MS / 1000} s: ${why}`);
      }
    }
  }
}

/** Creates the hub's database if it is missing. */
export async function createDatabase(cluster: Cluster, port: number): Promise<void> {
  const url = urlOf(cluster, port, 'postgres');
  const rows = await query(url, `SELECT 1 FROM pg_database WHERE datname = '${HUB_DATABASE}'`);
  if (rows.length === 0) await query(url, `CREATE DATABASE ${HUB_DATABASE}`);
}

/** The URL with the password. Throws when the password file is missing. */
export function urlOf(cluster: Cluster, port: number, database: string): string {
  const password = readPassword(cluster);
  if (!password) throw new Error(`PostgreSQL runs but ${cluster.dataDir}.password is missing; stop it and start again`);
  return `postgres://${ROLE}:${password}@127.0.0.1:${port}/${database}`;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the rejections below report it
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}
