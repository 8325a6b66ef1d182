import type { Socket } from 'node:net';
import pg from 'pg';

/** Ends what waits on sessions that are no more. */
export interface SessionWatch {
  close(): void;
}

/** What these pools have given out, and since when. */
type Held = Map<pg.PoolClient, number>;

/** Parts of a client that its types do not tell. */
interface Session {
  readonly processID: number;
  readonly connection: { readonly stream: Socket };
}

/** So often, and for what is held so long, it is looked whether the server still has the session. */
const LOOK_MS = 3_000;
/** How long the server may take to say so; one that does not is waited for, as by whoever asked it something. */
const ANSWER_MS = 5_000;

/**
 * A server that dies with its machine ends no connection, and the stand-by that takes its address over knows none of them: who
 * waits for an answer would wait for a quarter of an hour, until the system gives up, and a lane would claim nothing meanwhile.
 * So of whatever is held for long it is asked, by a new connection, whether the server has such a session. One that is slow, or
 * waits for a lock, has it.
 */
export function watchSessions(url: string, pools: readonly pg.Pool[], everyMs = LOOK_MS): SessionWatch {
  const held: Held = new Map();
  for (const pool of pools) {
    pool.on('acquire', (client) => held.set(client, performance.now()));
    pool.on('release', (_, client) => held.delete(client));
    pool.on('remove', (client) => held.delete(client));
  }
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= endLost(url, held, everyMs)
      // The server cannot be asked: it is away for everybody.
      .catch(() => undefined)
      .finally(() => {
        looking = undefined;
      });
  }, everyMs).unref();
  return { close: () => clearInterval(timer) };
}

async function endLost(url: string, held: Held, forMs: number): Promise<void> {
  const before = performance.now() - forMs;
  const waiting = [...held].filter(([, sinceMs]) => sinceMs < before);
  if (waiting.length === 0) return;
  const known = await knownSessions(
    url,
    waiting.map(([client]) => sessionOf(client).processID),
  );
  // Whoever waits hears that the connection broke, as from a server that could still say so.
  for (const [client, sinceMs] of waiting)
    if (known && !known.has(sessionOf(client).processID) && held.get(client) === sinceMs)
      sessionOf(client).connection.stream.destroy();
}

/** Which of these sessions the server has; undefined where what answers has numbers of its own, as a pooler before it. */
async function knownSessions(url: string, ids: readonly number[]): Promise<ReadonlySet<number> | undefined> {
  const client = new pg.Client({
    ...{ connectionString: url, application_name: 'lienthong' },
    ...{ connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS },
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
    // One that answers nothing is not waited for at the end either.
    void client.end().catch(() => undefined);
  }
}

function sessionOf(client: pg.ClientBase): Session {
  return client as unknown as Session;
}
