import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { databaseHosts } from '#core/identifiers/database-hosts';
import { endSession, type Server, type SessionWatch, watchSessions } from './lost-sessions.ts';
import { followPrimary, type Primary } from './primary.ts';
import type { Tables } from './tables.ts';

/**
 * The one way to the database. Two small pools, so that a slow search never delays a write: `pool` for the hot statements,
 * planned once; `query` builds the others, each planned for its values.
 */
export interface Database {
  readonly pool: pg.Pool;
  readonly query: Kysely<Tables>;
  /** Time limit for the answer to a write. */
  readonly answerMs: number;
  /** How many connections `pool` has made so far: a new one may lead to another server after a failover. */
  readonly connections: () => number;
  /** The same database with another schema as the only search path; commits there do not wait for the disk. */
  beside(schema: string): Database;
  /** Breaks off every statement under way, as when the server is away without a word. */
  breakOff(): void;
  /** The host that takes writes, of an address with several hosts. */
  host(): string | undefined;
  /** Calls with the host that takes writes from now on. Never with an address of a single host. */
  onMove(listener: (host: string) => void): void;
  close(): Promise<void>;
}

/** The server cancels a statement that takes longer, for a lock or anything else, and stores nothing of it. */
const STATEMENT_MS = 60_000;
/** The server's limit does not cover the commit. On a slow disk a commit may hang, and its result is unknown then. */
const ANSWER_MS = STATEMENT_MS + 5_000;

export interface Waits {
  /** Time limit for the answer to a write. */
  readonly answerMs?: number | undefined;
  /** Interval of the checks whether the server still has the sessions in use. */
  readonly sessionsMs?: number | undefined;
}

export interface DatabaseOptions extends Waits {
  /** Maximum of connections of `pool`; `query` has half of it. */
  readonly size?: number;
  /** Settings of each session, in addition to those that the hub always sets. */
  readonly settings?: readonly string[];
}

export function openDatabase(
  url: string,
  { size = 10, settings = [], answerMs = ANSWER_MS, sessionsMs }: DatabaseOptions = {},
): Database {
  const primary = followPrimary(url);
  const server = serverOf(url, primary);
  const pool = openPool(server, size, [...HOT, ...settings]);
  const others = openPool(server, Math.ceil(size / 2), settings);
  const sessions = watchSessions(server, [pool, others], sessionsMs);
  if (primary) leaveOldHosts(primary, [pool, others], sessions);
  let connections = 0;
  pool.on('connect', () => connections++);
  return {
    pool,
    answerMs,
    connections: () => connections,
    query: new Kysely<Tables>({ dialect: new PostgresDialect({ pool: others }) }),
    beside: (schema) => openDatabase(url, { size: 2, settings: [`search_path=${schema}`, 'synchronous_commit=off'] }),
    breakOff: sessions.endAll,
    host: () => primary?.name(),
    onMove: (listener) => primary?.onMove(() => listener(primary.name() as string)),
    close: async () => {
      sessions.close();
      await Promise.all([pool.end(), others.end(), primary?.close()]);
    },
  };
}

function serverOf(url: string, primary: Primary | undefined): Server {
  return { url: databaseHosts(url)[0] as string, Client: primary?.Client ?? pg.Client };
}

/** A connection to a host that was the primary may hang, or lead to data that the present one lacks. */
function leaveOldHosts(primary: Primary, pools: readonly pg.Pool[], sessions: SessionWatch): void {
  primary.onMove(sessions.endAll);
  for (const pool of pools)
    pool.on('connect', (client) => {
      if (!primary.isAt(client)) endSession(client);
    });
}

/**
 * Times come back in +07:00, ready to serve (the city's zone was +08:00 until 1975). A plan made while a table was empty reads
 * all of it, and may stay in use while the table grows. So never scan where an index can be used. (The price of a scan that
 * cannot be avoided then looks so high that it would start the compiler, half a second a statement.)
 */
const ALL = [
  'TimeZone=Etc/GMT-7',
  'DateStyle=ISO',
  'enable_seqscan=off',
  'jit=off',
  // Starting workers takes longer than a page: 25 ms of 27 for the events of a batch to count.
  'max_parallel_workers_per_gather=0',
  // Overrides settings of a role or a database: with fewer digits even the clock would be hours off.
  'extra_float_digits=1',
  'standard_conforming_strings=on',
  'bytea_output=hex',
  'IntervalStyle=postgres',
  'array_nulls=on',
  'transform_null_equals=off',
  'lock_timeout=0',
  'default_transaction_isolation=read committed',
];
/**
 * Planning a batch's statement costs more than executing it (1.2 k/s planned each time, 5 k/s planned once). A plan made once
 * may be made while the tables are empty: then a join reads whole indexes (114 ms at 39,000 dossiers) where a probe for each
 * row takes 0.9 ms.
 */
const HOT = ['plan_cache_mode=force_generic_plan', 'enable_hashjoin=off', 'enable_mergejoin=off'];

/** A pool of one connection, for short questions that must not wait behind others. */
export function openProbe(url: string, answerMs: number): pg.Pool {
  return openPool(serverOf(url, undefined), 1, HOT, { connectionTimeoutMillis: answerMs, query_timeout: answerMs });
}

function openPool(
  { url, Client }: Server,
  size: number,
  settings: readonly string[],
  limits: pg.PoolConfig = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    Client,
    max: size,
    connectionTimeoutMillis: 5_000,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: 60_000,
    application_name: 'lienthong',
    options: [...ALL, ...settings].map((setting) => `-c ${setting.replaceAll(' ', '\\ ')}`).join(' '),
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
    ...limits,
  });
  // A connection that breaks while idle is replaced at the next use. Without a listener it would end the process.
  pool.on('error', () => undefined);
  // The same for a client between two statements: its next statement fails and reports the error.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * A pooler may ignore a session's settings, and `options` in the address override them. Times would then come back in
 * another zone and be read as Vietnam's, or plans would not fit the grown tables.
 * @throws naming the setting and the remedy
 */
export async function refuseOtherSettings(
  { pool }: Pick<Database, 'pool'>,
  setting: 'DATABASE_URL' | 'DATABASE_READ_URLS' = 'DATABASE_URL',
): Promise<void> {
  const asked = [...ALL, ...HOT].map((setting) => setting.split('='));
  const { rows } = await pool
    .query<{ name: string; wanted: string; value: string }>(
      `SELECT name, wanted, current_setting(name) AS value FROM unnest($1::text[], $2::text[]) AS asked(name, wanted)
     WHERE split_part(current_setting(name), ',', 1) <> wanted LIMIT 1`,
      [asked.map(([name]) => name), asked.map(([, value]) => value)],
    )
    .catch((error: Error) => {
      // SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string.
      if (!error.message.includes('password must be a string')) throw error;
      throw new Error(`the database asks for a password, and ${setting} has none`, { cause: error });
    });
  const [other] = rows;
  await refuseOtherEncoding(pool);
  if (other)
    throw new Error(
      `PostgreSQL setting ${other.name} is ${other.value}; the hub needs ${other.wanted}. A connection pooler or options in ${setting} override it. Point ${setting} at PostgreSQL itself, without options.`,
    );
}

/** Such a database stores all dossiers except those whose names its encoding lacks. */
async function refuseOtherEncoding(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ encoding: string; name: string }>(
    `SELECT current_setting('server_encoding') AS encoding, current_database() AS name`,
  );
  const { encoding, name } = rows[0] as { encoding: string; name: string };
  // SQL_ASCII stores any bytes.
  if (encoding !== 'UTF8' && encoding !== 'SQL_ASCII')
    throw new Error(
      `The database ${name} has the encoding ${encoding}; the hub needs UTF8 for Vietnamese. Create another one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0. Name it in DATABASE_URL.`,
    );
}

const TIMESTAMPTZ = 1184;
const INT8 = 20;

function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === TIMESTAMPTZ) return instantOf;
  // Ids and counts, all far below 2^53.
  if (oid === INT8) return Number;
  return pg.types.getTypeParser(oid, format as 'text');
}

/** `2025-08-12 08:15:00.5+07` as the hub writes instants: `2025-08-12T08:15:00.500+07:00`. */
function instantOf(text: string): string {
  if (text.length === 22) return `${text.slice(0, 10)}T${text.slice(11, 19)}+07:00`;
  const fraction = /\.(\d{1,6})/.exec(text)?.[1];
  return `${text.slice(0, 10)}T${text.slice(11, 19)}${fraction ? `.${fraction.padEnd(3, '0').slice(0, 3)}` : ''}+07:00`;
}
