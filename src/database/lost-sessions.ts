import type { Socket } from 'node:net';
import type pg from 'pg';
import { singleFlight } from '../concurrency/single-flight.ts';

/** Ends waits on sessions that no longer exist. */
export interface SessionWatch {
  /** Ends every session. A statement under way fails as if the server had closed the connection. */
  endAll(): void;
  close(): void;
}

/** The clients that these pools have handed out, and since when. */
type Held = Map<pg.PoolClient, number>;

/** The statement under way at the previous look, and how many bytes its client had read by then. */
type Waits = WeakMap<pg.PoolClient, { readonly statement: object; readonly bytesRead: number }>;

/** Parts of a client that its types leave out. */
interface Session {
  readonly processID: number;
  readonly connection: { readonly stream: Socket };
  /** The statement whose answer has not come whole. */
  readonly _activeQuery?: object | null;
}

/** Where a check connects: to the host that the pools use. */
export interface Server {
  readonly url: string;
  readonly Client: typeof pg.Client;
}

/** Interval of the checks, and the minimum age of a session to be checked. */
const LOOK_MS = 3_000;
/** Time limit for the server's answer to a check. A server that does not answer ends no wait. */
const ANSWER_MS = 5_000;

/**
 * A server that dies with its machine closes no connection, and the stand-by that takes over its address knows none of them. A
 * query would then wait a quarter of an hour, until the operating system gives up, and its worker would claim nothing. So a new
 * connection asks the server whether it still has each session in long use. A slow session, or one that waits for a lock, still
 * exists.
 *
 * A firewall or proxy that forgets its connections closes none either, and the server keeps their sessions. The server then says
 * that a session has been idle all the time in which its client waited for an answer.
 */
export function watchSessions(server: Server, pools: readonly pg.Pool[], everyMs = LOOK_MS): SessionWatch {
  const held: Held = new Map();
  const all = new Set<pg.PoolClient>();
  for (const pool of pools) {
    pool.on('connect', (client) => all.add(client));
    pool.on('remove', (client) => all.delete(client));
    pool.on('acquire', (client) => held.set(client, performance.now()));
    pool.on('release', (_, client) => held.delete(client));
    pool.on('remove', (client) => held.delete(client));
  }
  const before: Waits = new WeakMap();
  // A server that cannot be asked is away for all sessions.
  const look = singleFlight(async () => {
    const isCut = await endLost(server, { held, before }, everyMs).catch(() => false);
    // The others went the same way, and each would cost a wait of its own.
    if (isCut) for (const client of all) if (!held.has(client)) endSession(client);
  });
  const timer = setInterval(() => void look(), everyMs).unref();
  return {
    endAll() {
      for (const client of all) endSession(client);
    },
    close: () => clearInterval(timer),
  };
}

/** @returns whether a session exists whose client no longer reaches it */
async function endLost(
  server: Server,
  { held, before }: { readonly held: Held; readonly before: Waits },
  forMs: number,
): Promise<boolean> {
  const since = performance.now() - forMs;
  const waiting = [...held].filter(([, sinceMs]) => sinceMs < since);
  if (waiting.length === 0) return false;
  const known = await knownSessions(
    server,
    waiting.map(([client]) => sessionOf(client).processID),
  );
  let isCut = false;
  for (const [client, sinceMs] of waiting) {
    const id = sessionOf(client).processID;
    const isUnheard = hearsNothing(client, before) && (known?.get(id) ?? 0) > forMs;
    const isGone = known !== undefined && !known.has(id);
    if (!(isGone || isUnheard) || held.get(client) !== sinceMs) continue;
    endSession(client);
    isCut ||= isUnheard;
  }
  return isCut;
}

/** Whether the same statement waited at the previous look, and nothing has come since. A reader that pauses its session hears. */
function hearsNothing(client: pg.PoolClient, before: Waits): boolean {
  const { _activeQuery: statement, connection } = sessionOf(client);
  const { bytesRead, readableFlowing } = connection.stream;
  const last = before.get(client);
  if (statement == null || readableFlowing !== true) {
    before.delete(client);
    return false;
  }
  before.set(client, { statement, bytesRead });
  return last?.statement === statement && last.bytesRead === bytesRead;
}

/** Its statement fails as if the server had closed the connection. */
export function endSession(client: pg.PoolClient): void {
  sessionOf(client).connection.stream.destroy();
}

/**
 * The sessions that the server still has, and for how many milliseconds each has been idle. Undefined when a pooler with numbers of
 * its own answers.
 */
async function knownSessions(
  { url, Client }: Server,
  ids: readonly number[],
): Promise<ReadonlyMap<number, number> | undefined> {
  const client = new Client({
    connectionString: url,
    application_name: 'lienthong',
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ id: number; isOwn: boolean; idleMs: number }>(
      `SELECT pid AS id, pid = pg_backend_pid() AS "isOwn", CASE WHEN state LIKE 'idle%'
         THEN extract(epoch FROM clock_timestamp() - state_change)::float8 * 1000 ELSE 0 END AS "idleMs"
       FROM pg_stat_activity WHERE pid = ANY($1::int4[]) OR pid = pg_backend_pid()`,
      [ids],
    );
    const own = rows.find(({ isOwn }) => isOwn)?.id;
    return own === sessionOf(client).processID ? new Map(rows.map(({ id, idleMs }) => [id, idleMs])) : undefined;
  } finally {
    // The close does not wait for a server that does not answer.
    void client.end().catch(() => undefined);
  }
}

function sessionOf(client: pg.ClientBase): Session {
  return client as unknown as Session;
}
