import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import axios, {
  type AxiosAdapter,
  type AxiosError,
  AxiosHeaders,
  type GenericAbortSignal,
  type InternalAxiosRequestConfig,
} from 'axios';
import pRetry from 'p-retry';
import { isLinkLocal, LINK_LOCAL, lookUpName } from './link-local.ts';
import type { TlsMaterial } from './tls.ts';

/** What came of one call, said by what may have happened at the other side. */
export type Exchange =
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
    }
  /** No connection: the partner has certainly not got it. */
  | { readonly kind: 'unreachable'; readonly reason: string; readonly message: string }
  /** The connection broke or time ran out: the partner may have got it. */
  | { readonly kind: 'lost'; readonly reason: string; readonly message: string };

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Asking twice does no harm: a broken connection is tried again at once. */
  readonly idempotent?: boolean;
  /** Carries a password: its body is not kept in the record of the attempt. */
  readonly secret?: boolean;
  /** Texts that are not kept in the record of the attempt, neither in its address, its request nor its reply: passwords, sessions. */
  readonly hide?: readonly string[];
}

/** A call as it went over the wire, kept with the attempt for the operators. */
export interface WireRecord {
  readonly method: string;
  readonly url: string;
  readonly request: string;
  readonly status?: number;
  readonly reply: string;
}

/** A call to where the party does not live. */
export class ForeignAddress extends Error {
  constructor(origin: string) {
    super(`a call to ${origin}, which is none of the party's own addresses`);
  }
}

/** The only way out of the hub. */
export interface Http {
  exchange(call: Call): Promise<Exchange>;
}

export interface HttpOptions {
  /** Where calls may go: origins of the party's own addresses. Everything else is a bug and throws. */
  readonly origins: readonly string[];
  readonly connectMs?: number;
  readonly totalMs?: number;
  readonly maxReplyBytes?: number;
  readonly signal?: AbortSignal;
  /** Asked at each new connection. */
  readonly tls?: () => TlsMaterial;
  /** Awaited before every call: the party's budget. */
  readonly pace?: () => Promise<void>;
}

const WIRE_BYTES = 64 * 1024;

/** A party's client: connections are kept, nothing is followed, nothing is read without end. */
export function createHttp(options: HttpOptions): Http & {
  /** @param headers that each call has, where it does not say otherwise; they are no part of the record */
  withRecorder(record: (wire: WireRecord) => void, headers?: Call['headers']): Http;
  close(): void;
} {
  const connectMs = options.connectMs ?? 10_000;
  const agents = {
    httpAgent: withConnectLimit(new http.Agent(AGENT), connectMs),
    httpsAgent: withTls(withConnectLimit(new https.Agent(options.tls ? ANEW : AGENT), connectMs), options.tls),
  };
  const base = {
    ...axios.defaults,
    ...agents,
    proxy: false,
    maxRedirects: 0,
    // Bytes are sent and read as they are: the adapter knows its partner's character set.
    responseType: 'arraybuffer',
    validateStatus: () => true,
    maxContentLength: options.maxReplyBytes ?? 32 * 1024 * 1024,
    maxBodyLength: 64 * 1024 * 1024,
  } as const;
  const origins = new Set(options.origins);
  const over = (record?: (wire: WireRecord) => void, headers?: Call['headers']): Http => ({
    async exchange(call) {
      const { origin, hostname } = new URL(call.url);
      if (!origins.has(origin)) throw new ForeignAddress(origin);
      const result = isLinkLocal(hostname)
        ? TO_LINK_LOCAL
        : await withQuickRetries(call, () =>
            once(base, headers ? { ...call, headers: { ...headers, ...call.headers } } : call, options),
          );
      record?.(wireOf(call, result));
      return result;
    },
  });
  return {
    ...over(),
    withRecorder: over,
    close() {
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

/** What a connection shows and believes is asked for when it is made: it may have been replaced since the last one. */
function withTls(agent: https.Agent, tls: HttpOptions['tls']): https.Agent {
  if (!tls) return agent;
  const connectable = agent as https.Agent & { createConnection(options: object, ...rest: unknown[]): Socket };
  const connect = connectable.createConnection.bind(agent);
  connectable.createConnection = (options, ...rest) => connect({ ...options, ...tls() }, ...rest);
  return agent;
}

/** axios sets a minute for each call: with another value here the system would be told twice a call. */
const AGENT = {
  keepAlive: true,
  keepAliveMsecs: 60_000,
  maxSockets: 64,
  scheduling: 'lifo',
  timeout: 120_000,
  lookup: lookUpName,
} as const;

/** A session that is taken up again is that of the certificate which began it. */
const ANEW = { ...AGENT, maxCachedSessions: 0 } as const;

/**
 * What axios sends by, without what it does before: merging the same settings anew, interceptors and transformations that
 * are not used. Measured: 200 µs a call as a whole, 120 µs so, 70 µs for Node's own part of it.
 */
const send: AxiosAdapter = axios.getAdapter('http');

/** Neither Node nor axios bounds the time to connect alone, which is what tells "not sent" from "no answer". */
function withConnectLimit<T extends http.Agent>(agent: T, connectMs: number): T {
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

/** Two more tries within the attempt, for what certainly did no harm; the ledger owns every other retry. */
async function withQuickRetries(call: Call, run: () => Promise<Exchange>): Promise<Exchange> {
  let last = await run();
  if (!isToRepeat(last, call)) return last;
  let tries = 0;
  const tried = pRetry(
    async () => {
      if (tries++ > 0) last = await run();
      if (isToRepeat(last, call)) throw new Error(last.message);
      return last;
    },
    { retries: 2, minTimeout: 40, maxTimeout: 200, randomize: true },
  );
  return tried.catch(() => last);
}

function isToRepeat(exchange: Exchange, call: Call): exchange is Exclude<Exchange, { kind: 'reply' }> {
  if (exchange.kind === 'lost') return call.idempotent === true && exchange.reason !== 'timeout';
  return exchange.kind === 'unreachable';
}

async function once(
  base: Omit<InternalAxiosRequestConfig, 'headers'>,
  call: Call,
  options: HttpOptions,
): Promise<Exchange> {
  await options.pace?.();
  const totalMs = options.totalMs ?? 60_000;
  const limit = createLimit(totalMs, options.signal);
  try {
    const { status, headers, data } = await send({
      ...base,
      method: call.method ?? 'POST',
      url: call.url,
      headers: AxiosHeaders.from({ Accept: '*/*', 'User-Agent': 'lienthong', ...call.headers }),
      data: typeof call.body === 'string' ? Buffer.from(call.body) : bytesOf(call.body),
      signal: limit,
    });
    return { kind: 'reply', status, headers: lowerCase(headers), body: data ?? Buffer.alloc(0) };
  } catch (error) {
    return failureOf(error as AxiosError, totalMs);
  } finally {
    limit.lift();
  }
}

function bytesOf(body: Uint8Array | undefined): Buffer | undefined {
  return body && Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/**
 * What axios needs of a signal, for one call: a controller with its events costs 30 µs. axios' own `timeout` does not
 * bound a body that drips.
 */
function createLimit(totalMs: number, outer: AbortSignal | undefined): GenericAbortSignal & { lift: () => void } {
  let onAbort: (() => void) | undefined;
  const limit = {
    aborted: outer?.aborted ?? false,
    addEventListener(_: 'abort', listener: () => void) {
      onAbort = listener;
    },
    removeEventListener() {
      onAbort = undefined;
    },
    lift() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
  const abort = (): void => {
    limit.aborted = true;
    onAbort?.();
  };
  const timer = setTimeout(abort, totalMs).unref();
  outer?.addEventListener('abort', abort, { once: true });
  return limit as GenericAbortSignal & { lift: () => void };
}

/**
 * `timeout` does not bound a body that drips; this does. Not `AbortSignal.any` with a timeout: in Node 20 the collector
 * may take such a timeout before it fires, and the call hangs for ever.
 */
export function deadline(totalMs: number, outer: AbortSignal | undefined): { signal: AbortSignal; lift: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, totalMs).unref();
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    lift() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

/** Whatever the settings or a name say: nobody's server is there. */
const TO_LINK_LOCAL = {
  kind: 'unreachable',
  reason: 'link-local',
  message: 'no connection: the address is link-local, or that of a metadata service',
} as const satisfies Exchange;

/** Codes of failures before a connection stood: nothing was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN']);
/** What the system was asked for where nothing can have been sent, whatever it answered: no time left, no files, a firewall. */
const BEFORE_SENDING = new Set(['getaddrinfo', 'connect']);
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

function failureOf(error: AxiosError, totalMs: number): Exchange {
  const code = error.code ?? (error.cause as { code?: string } | undefined)?.code ?? 'error';
  if (code === LINK_LOCAL) return TO_LINK_LOCAL;
  if (NOT_CONNECTED.has(code) || BEFORE_SENDING.has(syscallOf(error)))
    return { kind: 'unreachable', reason: code.toLowerCase(), message: `no connection: ${code}` };
  if (CERTIFICATE.test(code)) {
    // An alert comes from the other side: it refuses us before it has read anything.
    const what = /ALERT/.test(code) ? 'it does not take our certificate' : 'its certificate is not trusted';
    return { kind: 'unreachable', reason: 'certificate', message: `${what}: ${code}` };
  }
  if (code === 'ECONNABORTED' || code === 'ERR_CANCELED' || code === 'ETIMEDOUT')
    return { kind: 'lost', reason: 'timeout', message: `no answer within ${Math.round(totalMs / 1000)} s` };
  if (code === 'ERR_BAD_RESPONSE' && /maxContentLength/.test(error.message))
    return { kind: 'lost', reason: 'reply-too-large', message: 'the reply is larger than the limit' };
  return { kind: 'lost', reason: 'broken', message: `the connection broke: ${code}` };
}

/** axios keeps it in the cause alone; of several addresses that were tried it is the same for each. */
function syscallOf({ cause }: AxiosError): string {
  const { syscall, errors } = (cause ?? {}) as { syscall?: string; errors?: readonly { syscall?: string }[] };
  return syscall ?? errors?.[0]?.syscall ?? '';
}

function lowerCase(headers: object): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function wireOf(call: Call, result: Exchange): WireRecord {
  const secrets = (call.hide ?? []).filter((text) => text !== '');
  const hidden = [...new Set(secrets.flatMap(asWritten))];
  const shown = (body: string | Uint8Array): string => {
    const text = hidden.reduce((text, one) => text.replaceAll(one, '***'), clip(body));
    return ESCAPE.test(text) ? secrets.reduce((text, one) => text.replace(inEscapes(one), '***'), text) : text;
  };
  const request = call.secret ? '(not kept: it carries a password)' : shown(call.body ?? '');
  const url = hidden.reduce((text, one) => text.replaceAll(one, '***'), call.url);
  const base = { method: call.method ?? 'POST', url, request };
  if (result.kind !== 'reply') return { ...base, reply: result.message };
  return {
    ...base,
    status: result.status,
    reply: call.secret ? '(not kept: it carries a session)' : shown(result.body),
  };
}

/** A text as it may stand in a call: as it is, in JSON (some write `/` as `\\/`), in a path, and in a form or behind a `?`. */
function asWritten(text: string): readonly string[] {
  const inJson = JSON.stringify(text).slice(1, -1);
  const inForm = `${new URLSearchParams([['', text]])}`.slice(1);
  return [text, inJson, inJson.replaceAll('/', '\\/'), encodeURIComponent(text), inForm];
}

const ESCAPE = /\\u[0-9a-f]{4}/i;

/** A text in JSON, whichever of its letters are written by their numbers: of PHP and Python those with accents, of .NET more. */
function inEscapes(text: string): RegExp {
  const letters = [...text].map((letter) => {
    const written = JSON.stringify(letter)
      .slice(1, -1)
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const numbers = letter.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
    const escapes = numbers.map(
      (number) => `\\\\u${number.replace(/[a-f]/g, (hex) => `[${hex}${hex.toUpperCase()}]`)}`,
    );
    return `(?:${letter === '/' ? '\\\\?/' : written}|${escapes.join('')})`;
  });
  return new RegExp(letters.join(''), 'g');
}

function clip(body: string | Uint8Array): string {
  // A character is three bytes at the most.
  if (typeof body === 'string' && body.length * 3 <= WIRE_BYTES) return body;
  const bytes = typeof body === 'string' ? Buffer.from(body) : (bytesOf(body) as Buffer);
  return bytes.length > WIRE_BYTES
    ? `${bytes.subarray(0, WIRE_BYTES).toString()}… (${bytes.length} bytes)`
    : bytes.toString();
}

/** `Retry-After` in milliseconds: seconds or an HTTP date. */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const value = headers['retry-after']?.trim();
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
