import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { AGENT, withConnectLimit } from '../kit/http/agents.ts';
import { isLinkLocal } from '../kit/http/link-local.ts';

const CONNECT_MS = 10_000;
/** Without a byte in either direction. */
const IDLE_MS = 60_000;

const agents = {
  'http:': withConnectLimit(new http.Agent(AGENT), CONNECT_MS),
  'https:': withConnectLimit(new https.Agent(AGENT), CONNECT_MS),
};

export interface StreamCall {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | undefined;
  /** Breaks off the call and its reply. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A call whose body and reply are streams, of any size. Follows no redirect, and connects to no link-local address. The caller
 * reads the reply or destroys it.
 *
 * @throws an Error without headers and addresses, when no reply begins
 */
export function openCall({ method, url, headers = {}, body, signal }: StreamCall): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const broken = (error: NodeJS.ErrnoException): void =>
      reject(new Error(`no answer from ${url.host}: ${error.code ?? error.message}`));
    if (isLinkLocal(url.hostname)) return broken(new Error('a link-local address'));
    const agent = agents[url.protocol as keyof typeof agents];
    const request = (url.protocol === 'https:' ? https : http).request(url, { method, agent, headers, signal });
    request.setTimeout(IDLE_MS, () => request.destroy(new Error(`no byte within ${IDLE_MS / 1_000} s`)));
    request.on('response', resolve);
    request.on('error', broken);
    if (body) pipeline(body, request, () => undefined);
    else request.end();
  });
}

/** The beginning of a small reply, such as an error. */
export async function textIn(reply: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of reply) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`the reply has more than ${mostBytes} bytes`);
  }
  return Buffer.concat(chunks).toString();
}
