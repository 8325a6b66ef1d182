import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { Context } from 'hono';
import type { Load } from './bodies.ts';
import { Refusal } from './problem.ts';

/**
 * After refusing a body as too large, the hub discards this much more, so that the client can read
 * the refusal.
 */
const DISCARD_BYTES = 64 * 1024 * 1024;

/** The time limit for a whole body. A stream may take hours, but must not pause this long. */
const WHOLE_MS = 300_000;
const PAUSE_MS = 60_000;
/** A shorter limit for forms, which are small. */
const FORM_MS = 30_000;

export interface ReadOptions {
  readonly withinMs?: number;
  /** Counts the bytes in memory. */
  readonly load?: Load;
  /** Receives the first inflated bytes of the body before they are counted. */
  readonly peek?: (start: Buffer) => void;
}

/**
 * Reads a whole body, inflated.
 *
 * A declared size that is too large is refused at once, an undeclared one when it shows.
 *
 * @throws Refusal 408 when it does not arrive within `withinMs`, 413 over `maxBytes` inflated or for a bomb, 415
 * for an unknown encoding, 400 when it does not inflate, 503 when it must make room for other bodies
 */
export async function readBody(c: Context, maxBytes: number, options: ReadOptions = {}): Promise<Buffer> {
  const source = rawBody(c);
  if (!source) return Buffer.alloc(0);
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) {
    discard(source);
    throw tooLarge(maxBytes);
  }
  const kept = createKept(maxBytes, options);
  const { withinMs = WHOLE_MS, load } = options;
  if (!c.req.header('content-encoding')) return readPlain(source, kept, withinMs, load);
  const end = performance.now() + withinMs;
  const limits = { bomb: BOMB, tooLate: notWithin(withinMs), waitMs: () => end - performance.now(), load };
  for await (const chunk of inflated(c, source, limits)) {
    try {
      kept.add(chunk);
    } catch (refusal) {
      discard(source);
      throw refusal;
    }
  }
  return kept.whole();
}

interface Kept {
  /** @throws Refusal when it is too large, or must make room */
  add(chunk: Buffer): void;
  whole(): Buffer;
  drop(): void;
}

/** Smaller chunks are merged, because each Buffer costs 200 bytes, even for one byte. */
const BLOCK_BYTES = { least: 1024, most: 16 * 1024 };

function createKept(maxBytes: number, { load, peek }: ReadOptions): Kept {
  let chunks: Buffer[] = [];
  let size = 0;
  let room = Buffer.alloc(0);
  function keep(chunk: Buffer): void {
    if (chunk.length >= BLOCK_BYTES.most || size === chunk.length) return void chunks.push(chunk);
    if (room.length < chunk.length) room = Buffer.allocUnsafeSlow(blockFor(size));
    chunk.copy(room);
    // The chunk is the rest of the block that the last chunk began.
    const last = chunks.at(-1);
    const isNext = last && last.buffer === room.buffer && last.byteOffset + last.length === room.byteOffset;
    if (isNext) chunks[chunks.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + chunk.length);
    else chunks.push(room.subarray(0, chunk.length));
    room = room.subarray(chunk.length);
  }
  return {
    add(chunk) {
      if (size === 0) peek?.(chunk);
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      load?.hold(chunk.length);
      keep(chunk);
    },
    whole: () => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
    drop() {
      chunks = [];
    },
  };
}

/**
 * The bytes read from bodies in one turn of the event loop. The rest waits for the next turn.
 *
 * Node accepts one connection per turn, so a health probe behind 400 large bodies waits for 400 turns.
 */
const TURN_BYTES = 1024 * 1024;
const GO_ON_A_TURN = 16;
let arrived = 0;
const resting = new Set<Readable>();

function restAfter(source: Readable, bytes: number): void {
  if (arrived === 0) setImmediate(goOn);
  arrived += bytes;
  if (arrived <= TURN_BYTES) return;
  source.pause();
  resting.add(source);
}

function goOn(): void {
  arrived = 0;
  let count = 0;
  for (const source of resting) {
    if (++count > GO_ON_A_TURN) break;
    resting.delete(source);
    source.resume();
  }
  // Resumes waiting readers even if no data arrives in the meantime.
  if (resting.size > 0) setImmediate(() => arrived === 0 && goOn());
}

function blockFor(size: number): number {
  return Math.min(Math.max(size, BLOCK_BYTES.least), BLOCK_BYTES.most);
}

/** Uses events, which cost half as much as iterating. Nearly every body takes this path. */
function readPlain(source: Readable, kept: Kept, withinMs: number, load: Load | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const refuse = (refusal: unknown): void => {
      clearTimeout(late);
      load?.onEvicted(undefined);
      source.removeAllListeners('data');
      kept.drop();
      discard(source);
      reject(refusal);
    };
    const late = setTimeout(() => refuse(notWithin(withinMs)), withinMs);
    load?.onEvicted(refuse);
    source.on('data', (chunk: Buffer) => {
      try {
        kept.add(chunk);
        restAfter(source, chunk.length);
      } catch (refusal) {
        refuse(refusal);
      }
    });
    source.on('end', () => {
      clearTimeout(late);
      load?.onEvicted(undefined);
      resolve(kept.whole());
    });
    source.on('error', () => reject(clientGone()));
    source.on('close', () => {
      clearTimeout(late);
      if (!source.readableEnded) reject(clientGone());
    });
  });
}

/** Reads a browser form. @throws Refusal as readBody, and 408 after 30 seconds */
export async function readForm(c: Context, maxBytes: number): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(c, maxBytes, { withinMs: FORM_MS })).toString());
}

/** The media type without its parameters. Empty when the request names none. */
export function mediaTypeOf(c: Context): string {
  return (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** A body that inflates beyond both limits is a bomb. */
interface Bomb {
  readonly bytes: number;
  readonly times: number;
}

/** gzip packs a repeated record at most 130 times, a repeated byte 1030 times. */
const BOMB: Bomb = { bytes: 4 * 1024 * 1024, times: 500 };
/** The only limit of a stream. Different dossiers never pack this tightly. */
const STREAM_TIMES = 100;

/**
 * The body as it arrives, inflated, of any length.
 *
 * @param leaving when it aborts, reading stops: the sender gets an answer before the connection closes
 * @throws Refusal 408 when nothing arrives for a minute, 413 when the body inflates beyond `freeBytes` and to
 * more than a hundred times its size, 503 when the hub is leaving; otherwise as readBody
 */
export async function* bodyChunks(
  c: Context,
  freeBytes: number,
  leaving: AbortSignal,
  load?: Load,
): AsyncGenerator<Buffer> {
  const source = rawBody(c);
  if (!source) return;
  const tooLate = tooSlow(`paused for ${PAUSE_MS / 1000} s`);
  const limits = { bomb: { bytes: freeBytes, times: STREAM_TIMES }, tooLate, waitMs: () => PAUSE_MS, leaving, load };
  yield* inflated(c, source, limits);
}

interface Limits {
  readonly bomb: Bomb;
  /** The longest wait for the next chunk. After it, the refusal is `tooLate`. */
  readonly waitMs: () => number;
  readonly tooLate: Refusal;
  readonly leaving?: AbortSignal;
  readonly load?: Load | undefined;
}

async function* inflated(c: Context, source: Readable, limits: Limits): AsyncGenerator<Buffer> {
  const { bomb } = limits;
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  let inflater: Inflater | undefined;
  try {
    if (encoding !== 'identity') inflater = await inflaterOf(encoding, source, limits);
    if (inflater) pipe(source, inflater);
    let size = 0;
    // The socket stays open when reading ends early, because the refusal must go back over it.
    const chunks = (inflater ?? source).iterator({ destroyOnReturn: false });
    for (;;) {
      const { done, value: chunk } = await inTime<IteratorResult<Buffer>>(chunks.next(), limits);
      if (done) break;
      size += chunk.length;
      if (inflater && size > bomb.bytes && size > bomb.times * inflater.bytesWritten) {
        throw new Refusal(
          'too-large',
          `the body inflates to more than ${bomb.times} times of its size, and to more than ${bomb.bytes} bytes`,
        );
      }
      yield chunk;
    }
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === 'ECONNRESET') throw clientGone();
    if (error instanceof Refusal) discard(source);
    if (!INFLATE_ERROR.test(code)) throw error;
    discard(source);
    throw new Refusal('not-json', `the body is not valid ${encoding}: ${(error as Error).message}`);
  } finally {
    if (inflater) {
      source.unpipe(inflater);
      inflater.destroy();
      // Removing the pipe paused the source. It must flow so that the rest is discarded.
      source.resume();
    }
  }
}

function pipe(source: Readable, inflater: Inflater): void {
  source.pipe(inflater);
  // pipe() does not report a lost client. Without this, the inflater would wait forever.
  source.once('error', () => inflater.destroy(clientGone()));
  source.once('close', () => source.readableEnded || inflater.destroy(clientGone()));
}

/** @throws `tooLate` after the limit, and 503 once the hub is leaving or the body must make room */
async function inTime<Out>(work: Promise<Out>, { waitMs, tooLate, leaving, load }: Limits): Promise<Out> {
  let timer: NodeJS.Timeout | undefined;
  let leave = (): void => undefined;
  const inTime = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate), waitMs());
    load?.onEvicted(reject);
    leave = () => reject(new Leaving());
    if (leaving?.aborted) leave();
    else leaving?.addEventListener('abort', leave);
  });
  return Promise.race([inTime, work]).finally(() => {
    clearTimeout(timer);
    load?.onEvicted(undefined);
    leaving?.removeEventListener('abort', leave);
  });
}

class Leaving extends Refusal {
  constructor() {
    super('unavailable', 'the hub is stopping', { headers: { 'Retry-After': '5' } });
  }
}

const INFLATE_ERROR = /^(?:Z_|ERR__ERROR)/;

function clientGone(): Refusal {
  return new Refusal('bad-request', 'the client went away before its body was complete');
}

/** Each chunk crosses threads. Larger chunks make a bomb cost a quarter of what 16 KiB chunks cost. */
const CHUNKS = { chunkSize: 64 * 1024 };

type Inflater = Awaited<ReturnType<typeof inflaterOf>>;

async function inflaterOf(encoding: string, source: Readable, limits: Limits) {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip(CHUNKS);
  if (encoding === 'deflate')
    return (await isWrapped(source, limits)) ? createInflate(CHUNKS) : createInflateRaw(CHUNKS);
  if (encoding === 'br') return createBrotliDecompress(CHUNKS);
  throw new Refusal(
    'unsupported-media',
    `got the content encoding ${JSON.stringify(encoding)}, expected gzip, deflate, br or none`,
  );
}

/**
 * Whether a deflate body has the zlib wrapper, whose first byte ends in 8 (RFC 1950).
 *
 * .NET's DeflateStream writes it without the wrapper. No encoder of that form starts with such a byte.
 */
async function isWrapped(source: Readable, limits: Limits): Promise<boolean> {
  const over = new AbortController();
  const begun = ['readable', 'end'].map((event) => once(source, event, { signal: over.signal }));
  await inTime(Promise.race(begun), limits).finally(() => over.abort());
  const first: Buffer | null = source.read(1);
  if (first) source.unshift(first);
  return !first || ((first[0] as number) & 15) === 8;
}

function rawBody(c: Context): Readable | undefined {
  const incoming = (c.env as { incoming?: IncomingMessage } | undefined)?.incoming;
  if (incoming instanceof Readable) return incoming;
  return c.req.raw.body ? Readable.fromWeb(c.req.raw.body as never) : undefined;
}

function discard(source: Readable): void {
  if (source.destroyed) return;
  let discarded = 0;
  source.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARD_BYTES) source.destroy();
    else restAfter(source, chunk.length);
  });
  source.on('error', () => undefined);
  source.resume();
}

function notWithin(ms: number): Refusal {
  return tooSlow(`did not arrive within ${ms / 1000} s`);
}

function tooSlow(how: string): Refusal {
  return new Refusal('too-slow', `the body ${how}`);
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal('too-large', `the body is larger than ${maxBytes} bytes (measured inflated)`);
}
