import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { type Closing, createClosing, type Exchange } from './closing.ts';
import { type ConnectionLimit, connectionsFor, type Doing, limitConnections } from './connections.ts';

export interface Listening extends Pick<Closing, 'retire' | 'close'> {
  readonly url: string;
}

/**
 * Limits for slow clients.
 *
 * The doors limit the time for a body (body.ts): a stream of lines may take hours, which a limit of the whole
 * request would interrupt. Idle connections outlive the idle limit of proxies, so that no proxy sends on a
 * connection that is being closed.
 */
const PATIENCE = {
  headersTimeout: 20_000,
  requestTimeout: 0,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 75_000,
};

/**
 * Connections that may wait to be accepted. A client whose SYN is dropped retries after one and three
 * seconds.
 */
const BACKLOG = 4_096;

/**
 * A client that reads nothing for this long loses its connection. Event streams send something more
 * often.
 */
const UNREAD_MS = 300_000;

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The limit of connections. Undefined: by the limit of open files of the process. */
  readonly most?: number;
  readonly onCrowded?: ConnectionLimit['onCrowded'];
}

/**
 * Listens on an address.
 *
 * @throws an error with the address and the reason when it cannot
 */
export function listen(
  app: Hono,
  { host, port, most = connectionsFor(), onCrowded }: ListenOptions,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const turns = createTurns();
    const closing = createClosing(turns.lastAnswer);
    const server = createAdaptorServer({
      fetch: answering(app, turns, closing),
      hostname: host,
      serverOptions: PATIENCE,
    }) as Server;
    closing.watch(server);
    server.timeout = UNREAD_MS;
    limitConnections(server, {
      most,
      doing: (socket) => doingOf(turns.lastAnswer(socket)),
      onCrowded: onCrowded ?? (() => undefined),
    });
    server.on('error', (error) => reject(inWords(error, host, port)));
    server.listen({ host, port, backlog: BACKLOG }, () => {
      const { port: chosen } = server.address() as AddressInfo;
      const { retire, close } = closing;
      resolve({ url: `http://${urlHost(host)}:${chosen}`, retire, close });
    });
  });
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens on this port',
  EACCES: 'permission denied; ports below 1024 need root or CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name has no address',
};

function inWords(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const why = WHY[error.code ?? ''];
  return new Error(`cannot listen on ${host}, port ${port}: ${error.message}${why ? ` (${why})` : ''}`, {
    cause: error,
  });
}

/**
 * Node accepts a Host such as 300.1.1.1, but no URL can contain it. Other invalid values are refused
 * by Node.
 */
function answering(app: Hono, { inTurn }: Turns, { noteRequest }: Pick<Closing, 'noteRequest'>): Hono['fetch'] {
  return (request, env, ...more) => {
    const exchange = env as unknown as Exchange;
    closeAfterBody(exchange);
    noteRequest(exchange);
    const answer = () =>
      URL.canParse(request.url) ? app.fetch(request, env, ...more) : new Response(null, { status: 400 });
    return inTurn(exchange, answer);
  };
}

/**
 * The body of a GET is never read. Closing prevents a client from holding a connection with slow
 * bytes.
 */
function closeAfterBody({ incoming: { method, headers }, outgoing }: Exchange): void {
  if (method !== 'GET' && method !== 'HEAD') return;
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
    outgoing.shouldKeepAlive = false;
}

type Answer = () => Response | Promise<Response>;

/** No client needs more pipelined requests than this. */
const MOST_WAITING = 100;

interface Turns {
  readonly inTurn: (exchange: Exchange, answer: Answer) => Response | Promise<Response>;
  /** The answer to the newest request of a connection, given or not. */
  readonly lastAnswer: (socket: Socket) => ServerResponse | undefined;
}

/**
 * Makes each pipelined request of a connection wait until the previous one is answered.
 *
 * Node hands over all of them at once and buffers the answers: 20 connections that read nothing took 4 GB.
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
  return { inTurn, lastAnswer: (socket) => newest.get(socket) };
}

function doingOf(lastAnswer: ServerResponse | undefined): Doing {
  if (!lastAnswer) return 'new';
  return lastAnswer.writableFinished ? 'resting' : 'busy';
}

/** The answers on a lost connection never end. */
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

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
