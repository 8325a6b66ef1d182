import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from '../simulator/outage.ts';
import { readRequest } from '../simulator/wire.ts';
import type { HttpText } from './http-text.ts';

/** A request as it arrived. */
export interface Received {
  readonly start: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  readonly received: readonly Received[];
  close(): void;
}

/**
 * A loopback server that returns its answers in order, whatever the request. Three words replace an answer: `!refuse`
 * (stops listening, so it has no request of its own), `!reset` (reads, then breaks the connection), `!timeout` (reads
 * and never answers).
 */
export async function playReplies(replies: readonly HttpText[]): Promise<ScriptedServer> {
  const received: Received[] = [];
  const server = http.createServer((incoming, outgoing) => {
    void readRequest(incoming).then((request) => {
      received.push({ start: `${request.method} ${incoming.url}`, headers: request.headers, body: request.text() });
      const at = received.length - 1;
      const isLast = replies[at + 1]?.start === '!refuse';
      // Stops listening before it sends the last answer, so that the next request is refused.
      if (isLast) server.close();
      answer(outgoing, replies[at], isLast);
    });
  });
  const shut = (): void => {
    server.close();
    server.closeAllConnections();
  };
  await listen(server, '127.0.0.1', 0);
  const { port } = server.address() as AddressInfo;
  if (replies[0]?.start === '!refuse') shut();
  return { url: `http://127.0.0.1:${port}`, received, close: shut };
}

function answer(outgoing: http.ServerResponse, reply: HttpText | undefined, isLast: boolean): void {
  if (reply?.start === '!timeout') return;
  if (reply?.start === '!reset') {
    outgoing.destroy();
    return;
  }
  const status = reply ? Number(/^HTTP\/1\.1 (\d{3})/.exec(reply.start)?.[1] ?? 500) : 599;
  const body = Buffer.from(reply?.body ?? 'the case has no reply for this request');
  const closing = isLast ? { connection: 'close' } : {};
  outgoing.writeHead(status, { 'content-length': body.length, ...closing, ...reply?.headers });
  outgoing.end(body);
}
