import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { Context } from 'hono';
import type { Load } from './bodies.ts';
import { Refusal } from './problem.ts';

/** After a body was refused as too large, this much more is thrown away so that the client can read the refusal. */
const DISCARD_BYTES = 64 * 1024 * 1024;

/** A body that is read as a whole arrives within this time; a stream, which may last for hours, does not pause for as long. */
const WHOLE_MS = 300_000;
const PAUSE_MS = 60_000;
/** A form is a few lines. */
const FORM_MS = 30_000;

export interface ReadOptions {
  readonly withinMs?: number;
  /** Counts the bytes that are held. */
  readonly load?: Load;
  /** Given the first bytes of the body, inflated, before they are counted. */
  readonly peek?: (start: Buffer) => void;
}

/**
 * The whole body, inflated. A size that is told is refused at once; one that shows while reading, as soon as it shows.
 *
 * @throws Refusal 408 when it does not arrive within `withinMs`, 413 over `maxBytes` inflated or for a bomb, 415 for an
 *   encoding that is not known, 400 when it does not inflate, 503 when it has to make room for other bodies
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
  /** @throws Refusal when it is too large, or has to make room */
  add(chunk: Buffer): void;
  whole(): Buffer;
  drop(): void;
}

/** Chunks below the larger size are copied together: each Buffer costs 200 bytes, also one of a single byte. */
const BLOCK_BYTES = { least: 1024, most: 16 * 1024 };

function createKept(maxBytes: number, { load, peek }: ReadOptions): Kept {
  let chunks: Buffer[] = [];
  let size = 0;
  let room = Buffer.alloc(0);
  function keep(chunk: Buffer): void {
    if (chunk.length >= BLOCK_BYTES.most || size === chunk.length) return void chunks.push(chunk);
    if (room.length < chunk.length) room = Buffer.allocUnsafeSlow(blockFor(size));
    chunk.copy(room);
    // It is the rest of the block that the last chunk began.
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
 * What is read of bodies in one turn of the event loop; the others wait, and some go on in the next turn. Node accepts one
 * connection a turn, so a health probe that comes behind 400 large bodies waits for 400 turns.
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
  // Whoever waits goes on also where nothing arrives meanwhile.
  if (resting.size > 0) setImmediate(() => arrived === 0 && goOn());
}

function blockFor(size: number): number {
  return Math.min(Math.max(size, BLOCK_BYTES.least), BLOCK_BYTES.most);
}

/** Events cost half of what iterating costs, and nearly every body comes so. */
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

/** A form as browsers send it. @throws Refusal as readBody, and 408 after half a minute */
export async function readForm(c: Context, maxBytes: number): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(c, maxBytes, { withinMs: FORM_MS })).toString());
}

/** Without its parameters; empty where none is told. */
export function mediaTypeOf(c: Context): string {
  return (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** What inflates to more than `bytes` and to more than `times` of its size is a bomb. */
interface Bomb {
  readonly bytes: number;
  readonly times: number;
}

/** One record over and over is packed by gzip to a 130th at best, one byte over and over to a 1030th. */
const BOMB: Bomb = { bytes: 4 * 1024 * 1024, times: 500 };
/** A stream has no other limit, and none of dossiers that differ is packed so tightly. */
const STREAM_TIMES = 100;

/**
 * The body as it arrives, inflated; it may have any length.
 *
 * @param leaving after it nothing more is read: the hub ends, and who still sends is to hear so before the connection closes
 * @throws Refusal 408 when nothing arrives for a minute, 413 when, over `freeBytes`, it inflates to more than a hundred
 *   times of what came, 503 when the hub is leaving; otherwise as readBody
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
  /** How long the next piece is waited for; when it does not arrive by then it is `tooLate`. */
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
    // The socket stays open when reading ends early: the refusal has to go back over it.
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
      // Taking the pipe off has stopped it: what is thrown away has to flow.
      source.resume();
    }
  }
}

function pipe(source: Readable, inflater: Inflater): void {
  source.pipe(inflater);
  // pipe() does not pass on that a client went away: without this the inflater would wait for ever.
  source.once('error', () => inflater.destroy(clientGone()));
  source.once('close', () => source.readableEnded || inflater.destroy(clientGone()));
}

/** @throws `tooLate` when it takes longer, and 503 once the hub is leaving or the body has to make room */
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

/** Each chunk is a trip to another thread: a bomb costs a quarter of what it costs in chunks of the usual 16 KiB. */
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
 * Whether deflate comes as zlib wraps it, whose first byte ends in an 8 (RFC 1950); .NET's DeflateStream writes it bare, and no
 * encoder of that begins so.
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
