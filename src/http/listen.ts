import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { type ConnectionLimit, connectionsFor, type Doing, limitConnections } from './connections.ts';

export interface Listening {
  readonly url: string;
  /** Answer what is under way, for five seconds at the most; connections are let go as they fall idle. */
  close(): Promise<void>;
}

const ANSWER_MS = 5_000;
const LET_IN_MS = 1_000;
const QUIET_ROUNDS = 3;

/**
 * Who is slow to ask is let go. How long a body may take is the doors' concern (body.ts): a stream of lines may last for
 * hours, which a limit of the whole request would cut off. A connection at rest is kept longer than proxies keep theirs, so
 * that none of them sends on one that is just being closed.
 */
const PATIENCE = {
  headersTimeout: 20_000,
  requestTimeout: 0,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 75_000,
};

/** Connections that wait to be accepted: a client whose SYN is dropped for want of room tries again after one second, then three. */
const BACKLOG = 4_096;

/** Who takes nothing of an answer for so long does not want it. Streams of events say something more often. */
const UNREAD_MS = 300_000;

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Connections at once; by the open files that the process may have, where it is not given. */
  readonly most?: number;
  readonly onCrowded?: ConnectionLimit['onCrowded'];
}

/**
 * Answer at an address.
 *
 * @throws which address cannot be had, and why
 */
export function listen(
  app: Hono,
  { host, port, most = connectionsFor(), onCrowded }: ListenOptions,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const turns = createTurns();
    const server = createAdaptorServer({
      fetch: answering(app, turns),
      hostname: host,
      serverOptions: PATIENCE,
    }) as Server;
    server.timeout = UNREAD_MS;
    limitConnections(server, { most, doing: turns.doing, onCrowded: onCrowded ?? (() => undefined) });
    server.on('error', (error) => reject(inWords(error, host, port)));
    server.listen({ host, port, backlog: BACKLOG }, () => {
      const { port: chosen } = server.address() as AddressInfo;
      resolve({ url: `http://${urlHost(host)}:${chosen}`, close: () => close(server) });
    });
  });
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there',
  EACCES: 'this user may not; ports below 1024 are for root, or for who was given CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'nobody knows an address of that name',
};

function inWords(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const why = WHY[error.code ?? ''];
  return new Error(`cannot listen on ${host}, port ${port}: ${error.message}${why ? ` (${why})` : ''}`, {
    cause: error,
  });
}

/** A Host such as 300.1.1.1 is let through to us, and no address can be made with it. What it names otherwise is Node's concern. */
function answering(app: Hono, { inTurn }: Turns): Hono['fetch'] {
  return (request, env, ...more) => {
    closeAfterBody(env as unknown as Exchange);
    const answer = () =>
      URL.canParse(request.url) ? app.fetch(request, env, ...more) : new Response(null, { status: 400 });
    return inTurn(env as unknown as Exchange, answer);
  };
}

/** Nobody reads the body of a GET: who sends one a byte at a time would keep a connection for as long as he likes. */
function closeAfterBody({ incoming: { method, headers }, outgoing }: Exchange): void {
  if (method !== 'GET' && method !== 'HEAD') return;
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
    outgoing.shouldKeepAlive = false;
}

/** What the server hands over beside a request. */
interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

type Answer = () => Response | Promise<Response>;

/** No client sends more on a connection before it has read what it asked for first. */
const MOST_WAITING = 100;

interface Turns {
  readonly inTurn: (exchange: Exchange, answer: Answer) => Response | Promise<Response>;
  readonly doing: (socket: Socket) => Doing;
}

/**
 * Of requests that a client sends one behind the other without reading, each waits until the one before it is answered.
 * Node hands over all at once and keeps the answers: 20 connections that read nothing took 4 GB so.
 */
function createTurns(): Turns {
  const newest = new WeakMap<Socket, ServerResponse>();
  const waiting = new WeakMap<Socket, number>();
  const inTurn: Turns['inTurn'] = ({ incoming: { socket }, outgoing }, answer) => {
    const before = newest.get(socket);
    newest.set(socket, outgoing);
    if (!before || before.writableFinished) return answer();
    const ahead = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, ahead);
    if (ahead > MOST_WAITING) socket.destroy();
    return answered(before, socket).then(() => {
      waiting.set(socket, (waiting.get(socket) ?? 0) - 1);
      return socket.destroyed ? new Response(null, { status: 400 }) : answer();
    });
  };
  const doing: Turns['doing'] = (socket) => {
    const last = newest.get(socket);
    if (!last) return 'new';
    return last.writableFinished ? 'resting' : 'busy';
  };
  return { inTurn, doing };
}

/** A connection that is gone has answers that never end. */
async function answered(response: ServerResponse, socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('close', done);
      socket.off('close', done);
      resolve();
    };
    response.on('close', done);
    socket.setMaxListeners(0).on('close', done);
  });
}

async function close(server: Server): Promise<void> {
  await letIn(server);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  await Promise.race([closed, setTimeout(ANSWER_MS, undefined, { ref: false })]);
  clearInterval(idle);
  server.closeAllConnections();
}

/** Who has come already waits at the socket while we work for others, and would be reset: one is let in each round of the event loop. */
async function letIn(server: Server): Promise<void> {
  let quietRounds = 0;
  const heard = () => {
    quietRounds = 0;
  };
  server.on('connection', heard);
  const endsAt = performance.now() + LET_IN_MS;
  for (; quietRounds < QUIET_ROUNDS && performance.now() < endsAt; quietRounds++) await setImmediate();
  server.off('connection', heard);
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
