import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type {} from './global-setup.ts'; // declares what is injected
import { execute, SHAPE, urlOf } from './template.ts';

export interface TestDatabase {
  readonly url: string;
  /** Ends its sessions, too. */
  drop(): Promise<void>;
}

/** An empty database of the caller's own on the server of this run (see global-setup.ts). */
export function testDatabase(): Promise<TestDatabase> {
  return copyOf('template0');
}

/** The same, with the tables of this version. */
export async function migratedDatabase(): Promise<TestDatabase> {
  const name = emptied.pop() ?? (await create(inject('template').name));
  return { url: urlOf(inject('databaseServerUrl'), name), drop: () => keep(name) };
}

/** A backup that was read in: what a database is now, as another one. Nobody may be connected to it meanwhile. */
export function putBack({ url }: TestDatabase): Promise<TestDatabase> {
  return copyOf(new URL(url).pathname.slice(1));
}

async function copyOf(template: string): Promise<TestDatabase> {
  const name = await create(template);
  return { url: urlOf(inject('databaseServerUrl'), name), drop: () => drop(name) };
}

async function create(template: string): Promise<string> {
  const name = newName();
  await execute(inject('databaseServerUrl'), `CREATE DATABASE ${name} TEMPLATE ${template} ENCODING 'UTF8'`);
  return name;
}

/** What the run's teardown knows as its own. */
const newName = (): string => `test_${inject('template').run}_${randomBytes(8).toString('hex')}`;

function drop(name: string): Promise<void> {
  return execute(inject('databaseServerUrl'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/**
 * Databases that were used and are as new again. To make one and to drop it costs two checkpoints, and was half of the
 * time of a test that has a hub of its own; to empty it costs as much as a few statements.
 */
const emptied: string[] = [];

/** A database that grew beyond the template by more is not worth to be emptied. */
const GROWN_BYTES = 8 * 1024 * 1024;

/**
 * Empties a database for the next test, under another name: what still believes in the old one is told that it is gone,
 * as if it had been dropped. One that is not quite the template's copy any more (another table, setting or owner) is.
 */
async function keep(name: string): Promise<void> {
  const next = newName();
  try {
    await execute(
      inject('databaseServerUrl'),
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${name}'; ALTER DATABASE ${name} RENAME TO ${next}`,
    );
  } catch {
    return drop(name); // somebody is connected again
  }
  if (await isEmptied(next)) emptied.push(next);
  else await drop(next);
}

async function isEmptied(name: string): Promise<boolean> {
  const { shape, bytes, dropMade, reset } = inject('template');
  const client = new pg.Client({ connectionString: urlOf(inject('databaseServerUrl'), name) });
  await client.connect();
  try {
    await client.query(dropMade);
    const { rows } = await client.query<{ shape: string; bytes: number }>(SHAPE);
    if (rows[0]?.shape !== shape || rows[0].bytes > bytes + GROWN_BYTES) return false;
    await client.query(reset);
    return true;
  } finally {
    await client.end();
  }
}
