import net from 'node:net';

/**
 * Requests over raw sockets, in a closed loop or at a fixed rate. As light as possible in Node, because it shares the cores
 * with the hub and the database. See load.ts, which runs it in a separate process.
 */
export interface Load {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /**
   * Requests a second, whether answers come or not. Each has its planned moment, and its latency counts from it, so that a
   * stalled hub does not stop the clock (coordinated omission). Otherwise the loop is closed.
   */
  readonly rate?: number | undefined;
  /**
   * The requests of the first seconds have no latency. A hub accepts one connection a turn, so those that open at once wait
   * for each other.
   */
  readonly leadSeconds?: number | undefined;
  /** The number of the first request. */
  readonly first: number;
  /** The number to stop before, if time does not stop it. */
  readonly end?: number | undefined;
  /** The nth request, whole. */
  readonly request: (n: number) => Buffer;
  /** Whether this whole reply is the right one for the nth request. */
  readonly isGood: (status: number, reply: Buffer, n: number) => boolean;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** The numbers of the requests with good answers. */
  readonly answered: readonly number[];
  /** When each of them was answered, epoch milliseconds. */
  readonly answeredAtMs: readonly number[];
  readonly bad: number;
  /** The first bad reply. */
  readonly firstBad?: string;
  /** The number of the first request that was not sent. */
  readonly next: number;
}

/**
 * Sends until the time is over; each connection reads its last reply, so that nothing is left in doubt.
 * @throws when a connection breaks
 */
export async function generate(load: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  const answered: number[] = [];
  const answeredAtMs: number[] = [];
  let bad = 0;
  let firstBad: string | undefined;
  let next = load.first;
  const began = performance.now();
  const until = began + load.seconds * 1000;
  const countedFrom = began + (load.leadSeconds ?? 0) * 1000;
  const dueAt = (n: number): number => (load.rate === undefined ? 0 : began + ((n - load.first) * 1000) / load.rate);
  const end = load.end ?? Number.POSITIVE_INFINITY;
  await Promise.all(Array.from({ length: load.connections }, () => runConnection()));
  const seconds = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    perSecond: answered.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p95Ms: quantile(latencies, 0.95),
    p99Ms: quantile(latencies, 0.99),
    p999Ms: quantile(latencies, 0.999),
    answered,
    answeredAtMs,
    bad,
    ...(firstBad !== undefined && { firstBad }),
    next,
  };

  function runConnection(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(load.port, load.host);
      socket.setNoDelay(true);
      let kept: Buffer | undefined;
      let sentAt = 0;
      let number = 0;
      const send = (): void => {
        if (next >= end || Math.max(performance.now(), dueAt(next)) >= until) {
          resolve();
          socket.destroy();
          return;
        }
        number = next++;
        const bytes = load.request(number);
        const waitMs = dueAt(number) - performance.now();
        if (waitMs > 0) setTimeout(write, waitMs, bytes);
        else write(bytes);
      };
      const write = (bytes: Buffer): void => {
        sentAt = load.rate === undefined ? performance.now() : dueAt(number);
        socket.write(bytes);
      };
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('a connection was closed without a reply')));
      socket.on('data', (chunk) => {
        kept = kept ? Buffer.concat([kept, chunk]) : chunk;
        const status = wholeReply(kept);
        if (status === undefined) return;
        if (sentAt >= countedFrom) latencies.push(performance.now() - sentAt);
        if (load.isGood(status, kept, number)) {
          answered.push(number);
          answeredAtMs.push(Date.now());
        } else if (bad++ === 0) firstBad = kept.toString('utf8', 0, 1_000);
        kept = undefined;
        send();
      });
    });
  }
}

/** The smallest value that this share of the sorted values does not exceed. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** The status of a complete reply, by its Content-Length. */
function wholeReply(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`a reply without Content-Length: ${head}`);
  return bytes.length >= end + 4 + Number(length) ? Number(head.slice(9, 12)) : undefined;
}

/** A request, with a JSON body or without. */
export function requestBytes(method: string, path: string, secret: string, body?: Buffer): Buffer {
  const type: Record<string, string> = body ? { 'Content-Type': 'application/json' } : {};
  return rawRequest(method, path, { Authorization: `Bearer ${secret}`, ...type }, body);
}

export function rawRequest(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
): Buffer {
  const lines = Object.entries({ Host: 'hub', ...headers, ...(body && { 'Content-Length': String(body.length) }) });
  const head = Buffer.from(
    `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  return body ? Buffer.concat([head, body]) : head;
}
