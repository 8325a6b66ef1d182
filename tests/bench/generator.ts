import net from 'node:net';

/**
 * A closed-loop load over raw sockets: as light as a generator in Node can be, because it shares two cores with the hub
 * and the database. Runs as a process of its own (see `load`).
 */
export interface Load {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** The nth request, whole. */
  readonly request: (n: number) => Buffer;
  /** Whether this status is a success. */
  readonly isGood: (status: number) => boolean;
}

export interface LoadResult {
  readonly good: number;
  readonly bad: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** The numbers of the requests that were answered well. */
  readonly answered: readonly number[];
}

export async function generate(load: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  const answered: number[] = [];
  let bad = 0;
  let next = 0;
  const began = performance.now();
  const until = began + load.seconds * 1000;
  await Promise.all(Array.from({ length: load.connections }, () => runConnection()));
  const seconds = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    good: answered.length,
    bad,
    seconds,
    perSecond: answered.length / seconds,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    answered,
  };

  function runConnection(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(load.port, load.host);
      socket.setNoDelay(true);
      let kept = Buffer.alloc(0);
      let sentAt = 0;
      let number = 0;
      const send = (): void => {
        if (performance.now() >= until) {
          socket.destroy();
          resolve();
          return;
        }
        number = next++;
        sentAt = performance.now();
        socket.write(load.request(number));
      };
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
        const status = wholeReply(kept);
        if (status === undefined) return;
        kept = Buffer.alloc(0);
        latencies.push(performance.now() - sentAt);
        if (load.isGood(status)) answered.push(number);
        else bad++;
        send();
      });
    });
  }
}

/** The status of a reply that is there to its end, by its Content-Length. */
function wholeReply(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`a reply without Content-Length: ${head}`);
  return bytes.length >= end + 4 + Number(length) ? Number(head.slice(9, 12)) : undefined;
}

/** A request with a JSON body. */
export function jsonRequest(method: string, path: string, secret: string, body: string): Buffer {
  const bytes = Buffer.from(body);
  const head = `${method} ${path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${secret}\r\n${
    body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n`
  }\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
