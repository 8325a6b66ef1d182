import type http from 'node:http';
import type https from 'node:https';
import type { Socket } from 'node:net';
import type { HttpOptions } from './exchange.ts';
import { lookUpName } from './link-local.ts';

/** Reads certificates for every new connection, because they may have been replaced since the last one. */
export function withTls(agent: https.Agent, tls: HttpOptions['tls']): https.Agent {
  if (!tls) return agent;
  const connectable = agent as https.Agent & { createConnection(options: object, ...rest: unknown[]): Socket };
  const connect = connectable.createConnection.bind(agent);
  connectable.createConnection = (options, ...rest) => connect({ ...options, ...tls() }, ...rest);
  return agent;
}

/** The same 60 s that axios sets for each call. Another value would cost two system calls per request. */
export const AGENT = {
  keepAlive: true,
  keepAliveMsecs: 60_000,
  maxSockets: 64,
  scheduling: 'lifo',
  timeout: 120_000,
  lookup: lookUpName,
} as const;

/** Options without session resumption. A resumed session keeps the certificate that began it. */
export const WITHOUT_RESUMPTION = { ...AGENT, maxCachedSessions: 0 } as const;

/** Bounds the time to connect alone, which tells "not sent" from "no answer". Neither Node nor axios does. */
export function withConnectLimit<T extends http.Agent>(agent: T, connectMs: number): T {
  const connectable = agent as T & { createConnection(...args: unknown[]): Socket };
  const connect = connectable.createConnection.bind(agent);
  connectable.createConnection = (...args) => {
    const socket = connect(...args);
    const error = Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT', syscall: 'connect' });
    const timer = setTimeout(() => socket.destroy(error), connectMs);
    for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer));
    return socket;
  };
  return agent;
}
