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

/** Parts of a client that its types leave out. */
interface Session {
  readonly processID: number;
  readonly connection: { readonly stream: Socket };
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
  // A server that cannot be asked is away for all sessions.
  const look = singleFlight(() => endLost(server, held, everyMs).catch(() => undefined));
  const timer = setInterval(() => void look(), everyMs).unref();
  return {
    endAll() {
      for (const client of all) endSession(client);
    },
    close: () => clearInterval(timer),
  };
}

async function endLost(server: Server, held: Held, forMs: number): Promise<void> {
  const before = performance.now() - forMs;
  const waiting = [...held].filter(([, sinceMs]) => sinceMs < before);
  if (waiting.length === 0) return;
  const known = await knownSessions(
    server,
    waiting.map(([client]) => sessionOf(client).processID),
  );
  for (const [client, sinceMs] of waiting)
    if (known && !known.has(sessionOf(client).processID) && held.get(client) === sinceMs) endSession(client);
}

/** Its statement fails as if the server had closed the connection. */
export function endSession(client: pg.PoolClient): void {
  sessionOf(client).connection.stream.destroy();
}

/** The sessions that the server still has. Undefined when a pooler with numbers of its own answers. */
async function knownSessions(
  { url, Client }: Server,
  ids: readonly number[],
): Promise<ReadonlySet<number> | undefined> {
  const client = new Client({
    connectionString: url,
    application_name: 'lienthong',
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ own: number; known: number[] }>(
      'SELECT pg_backend_pid() AS own, ARRAY(SELECT pid FROM pg_stat_activity WHERE pid = ANY($1::int4[])) AS known',
      [ids],
    );
    const [answer] = rows;
    return answer?.own === sessionOf(client).processID ? new Set(answer.known) : undefined;
  } finally {
    // The close does not wait for a server that does not answer.
    void client.end().catch(() => undefined);
  }
}

function sessionOf(client: pg.ClientBase): Session {
  return client as unknown as Session;
}
