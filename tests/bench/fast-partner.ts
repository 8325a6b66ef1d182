import net from 'node:net';
import { SIMULATOR_TOKEN } from '../../adapters/one-stop/simulator.ts';
import { beWorker } from './workers.ts';

/**
 * A partner that is never the bottleneck: over raw sockets, since it shares the cores with the hub. In the one-stop system's
 * dialect it takes a dossier under a key, records it and answers with a receipt. In the national portal's it takes many
 * dossiers in a call. Below `/slow` it takes a dossier at once and answers after a minute.
 */
export type PartnerOrder = 'open' | 'taken' | 'count' | 'leave';

export interface Taken {
  /** The key of the dossier: a delivery's id, the same at every attempt; for the portal, which has none, its code. */
  readonly key: string;
  readonly code: string;
  readonly times: number;
  /** First arrival, epoch milliseconds. */
  readonly atMs: number;
}

export type PartnerState =
  | { readonly url: string }
  | { readonly taken: readonly Taken[] }
  | { readonly count: number; readonly firstAtMs: number; readonly lastAtMs: number };

const SLOW = Buffer.from('PUT /slow/');
const ANSWERS_AFTER_MS = 60_000;
const SESSION = 'phien-cua-phep-do';
const book = new Map<string, { key: string; code: string; times: number; atMs: number }>();
const sockets = new Set<net.Socket>();
let firstAtMs = Number.POSITIVE_INFINITY;
let lastAtMs = 0;

const server = net.createServer((socket) => {
  sockets.add(socket);
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  let kept: Buffer | undefined;
  socket.on('data', (chunk) => {
    if (!server.listening) return;
    kept = kept ? Buffer.concat([kept, chunk]) : chunk;
    const reply = replyTo(kept);
    if (reply === undefined) return;
    const isSlow = kept.subarray(0, SLOW.length).equals(SLOW);
    kept = undefined;
    if (isSlow) setTimeout(() => socket.write(reply), ANSWERS_AFTER_MS);
    else socket.write(reply);
  });
});

/** The reply to a complete request. Nobody sends a second request before the reply to the first. */
function replyTo(bytes: Buffer): string | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (bytes.length < end + 4 + length) return undefined;
  if (head.startsWith('POST /mapi/')) return portalReply(head, bytes.subarray(end + 4));
  const place = /^PUT (?:\/slow)?\/dossiers\/([^ ]+) /.exec(head)?.[1];
  const key = /\r\nidempotency-key: ([^\r]+)/i.exec(head)?.[1];
  if (place === undefined || key === undefined || !head.includes(`Bearer ${SIMULATOR_TOKEN}`))
    return replyOf(400, { detail: 'not a dossier under a key' });
  const code = decodeURIComponent(place);
  if (!bytes.includes(`"code":"${code}"`, end)) return replyOf(422, { detail: 'the code is another one' });
  take(key, code);
  return replyOf(200, { code, receipt: `MC-${book.size}` });
}

function portalReply(head: string, body: Buffer): string {
  const { session, service, isUpdating, mahoso, data } = JSON.parse(body.toString());
  if (head.startsWith('POST /mapi/login')) return replyOf(200, { error_code: '0', session: SESSION });
  if (session !== SESSION) return replyOf(200, { error_code: '1', message: 'another session' });
  if (service === 'TraCuuHoSo')
    return replyOf(200, { error_code: '0', result: book.has(mahoso) ? [{ MaHoSo: mahoso }] : [] });
  if (service !== 'DongBoHoSoMC' || isUpdating !== 'False')
    return replyOf(200, { error_code: '1', message: 'not of new dossiers' });
  for (const { MaHoSo } of data) take(MaHoSo, MaHoSo);
  return replyOf(200, { error_code: '0' });
}

function take(key: string, code: string): void {
  lastAtMs = Date.now();
  firstAtMs = Math.min(firstAtMs, lastAtMs);
  const entry = book.get(key);
  if (entry) entry.times++;
  else book.set(key, { key, code, times: 1, atMs: lastAtMs });
}

function replyOf(status: number, body: object): string {
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${status} Said\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** From now on it is unreachable; requests already taken have been answered. */
function leave(): void {
  server.close();
  for (const socket of sockets) socket.end();
}

beWorker<PartnerOrder, PartnerState>(async (order) => {
  if (order === 'taken') return { taken: [...book.values()] };
  if (order === 'open') await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  if (order === 'leave') leave();
  if (order === 'open') return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}` };
  return { count: book.size, firstAtMs, lastAtMs };
});
