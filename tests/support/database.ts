import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type {} from './global-setup.ts'; // declares what is injected
import { endSessions, keepSessions, keptSessions, offerSessions } from './sessions.ts';
import { SHAPE, USED, type Used, urlOf } from './template.ts';

export interface TestDatabase {
  readonly url: string;
  /** Ends its sessions too. */
  drop(): Promise<void>;
}

/** A separate empty database on the server of this run (see global-setup.ts). */
export function testDatabase(): Promise<TestDatabase> {
  return copyOf('template0');
}

/** The same, with the tables of this version. */
export async function migratedDatabase(): Promise<TestDatabase> {
  const name = emptied.pop() ?? (await create(inject('template').name));
  keepSessions(addressOf(name));
  return { url: addressOf(name), drop: () => keep(name) };
}

/** Copies a database as it is now, like a restored backup. No session may be open meanwhile. */
export async function putBack({ url }: TestDatabase): Promise<TestDatabase> {
  await endSessions(url);
  return copyOf(new URL(url).pathname.slice(1));
}

async function copyOf(template: string): Promise<TestDatabase> {
  const name = await create(template);
  return { url: addressOf(name), drop: () => drop(name) };
}

const addressOf = (name: string): string => urlOf(inject('databaseServerUrl'), name);

async function create(template: string): Promise<string> {
  const name = newName();
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${template} ENCODING 'UTF8'`);
  return name;
}

/** Known to the run's teardown. */
const newName = (): string => `test_${inject('template').run}_${randomBytes(8).toString('hex')}`;

async function drop(name: string): Promise<void> {
  await endSessions(addressOf(name));
  await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** The connection of this worker to the server, which all its tests share. */
let server: Promise<pg.Client> | undefined;

async function onServer(sql: string): Promise<pg.QueryResult> {
  server ??= connect();
  return (await server).query(sql);
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: inject('databaseServerUrl') });
  client.on('error', () => {
    server = undefined;
  });
  await client.connect();
  (client as unknown as { unref(): void }).unref();
  return client;
}

/**
 * Used databases that were reset. Creating and dropping one costs two checkpoints, half of the time of a test with its own hub;
 * resetting it costs a few statements.
 */
const emptied: string[] = [];

/** A database that grew beyond the template by more than this is not worth a reset. */
const GROWN_BYTES = 8 * 1024 * 1024;

/** How many of them keep sessions. Each has about four, and a server allows 100 for all workers. */
const WITH_SESSIONS = 2;

/**
 * Resets a database for the next test. A database that differs from the template (another table, setting or owner) is dropped.
 * When others than the hubs of this process have sessions, the database gets another name: old connections learn that it is
 * gone, as after a drop.
 */
async function keep(name: string): Promise<void> {
  const [session] = await keptSessions(addressOf(name));
  if (session && emptied.length < WITH_SESSIONS && !(await endOthers(name))) {
    if (!(await isEmptied(session).catch(() => false))) return drop(name);
    await session.query('DISCARD ALL');
    offerSessions(addressOf(name));
    emptied.push(name);
    return;
  }
  await endSessions(addressOf(name));
  const next = newName();
  try {
    await endOthers(name);
    await onServer(`ALTER DATABASE ${name} RENAME TO ${next}`);
  } catch {
    return drop(name); // a session is open again
  }
  if (await isEmptiedAlone(next)) emptied.push(next);
  else await drop(next);
}

/** Ends the sessions that are not kept. @returns whether there were any */
async function endOthers(name: string): Promise<boolean> {
  const pids = (await keptSessions(addressOf(name))).map(({ processID }) => processID);
  const ended = await onServer(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> ALL('{${pids}}')`,
  );
  return ended.rowCount !== 0;
}

async function isEmptiedAlone(name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: addressOf(name) });
  await client.connect();
  try {
    return await isEmptied(client);
  } finally {
    await client.end();
  }
}

async function isEmptied(client: pg.Client): Promise<boolean> {
  const template = inject('template');
  let used = await usedOf(client);
  if (used.settings !== template.settings || used.bytes > template.bytes + GROWN_BYTES) return false;
  if (used.isReshaped) {
    if (!(await isRestored(client))) return false;
    used = await usedOf(client); // without the dropped tables
  }
  // In the replica role neither foreign keys nor the guards of the history apply.
  await client.query(`SET session_replication_role = replica; ${used.emptying ?? ''}; ${template.reset}`);
  return true;
}

async function usedOf(client: pg.Client): Promise<Used> {
  return (await client.query<Used>(USED)).rows[0] as Used;
}

/** Drops what the hub made, and compares the rest with the template. */
async function isRestored(client: pg.Client): Promise<boolean> {
  await client.query(inject('template').dropMade);
  const { rows } = await client.query<{ shape: string }>(SHAPE);
  // Now, so that the reset that follows clears these counts too.
  await client.query('SELECT pg_stat_force_next_flush()');
  return rows[0]?.shape === inject('template').shape;
}
