import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { say } from '#messages/message';
import type { Load } from './bodies.ts';
import { BOMB, clientGone, encodingOf, type InflateLimits, inflated } from './inflate-body.ts';
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
  readonly load?: Load | undefined;
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
  const { withinMs = WHOLE_MS, load } = options;
  const end = performance.now() + withinMs;
  if (isPlain(c, source)) return readPlain(source, createKept(maxBytes, options), withinMs, load);
  const packed = await readPlain(source, createKept(maxBytes, { load }), withinMs, load);
  const body = await inflateWhole(c, packed, createKept(maxBytes, options), {
    tooLate: notWithin(withinMs),
    waitMs: () => end - performance.now(),
    load,
  });
  load?.release(packed.length);
  return body;
}

/** @throws Refusal 415 before the body is read */
function isPlain(c: Context, source: Readable): boolean {
  try {
    return encodingOf(c) === 'identity';
  } catch (refusal) {
    discard(source);
    throw refusal;
  }
}

/** A larger body waits until its sender's other ones leave room. */
const INFLATED_AT_ONCE_BYTES = 64 * 1024;

/** Inflates a body that has arrived whole, so that no slow connection keeps others waiting. */
async function inflateWhole(
  c: Context,
  packed: Buffer,
  kept: Kept,
  limits: Omit<InflateLimits, 'bomb' | 'discard'>,
): Promise<Buffer> {
  const source = Readable.from([packed], { objectMode: false });
  let size = 0;
  let endTurn: (() => void) | undefined;
  try {
    for await (const chunk of inflated(c, source, { ...limits, bomb: BOMB, discard: () => source.destroy() })) {
      kept.add(chunk);
      size += chunk.length;
      if (size > INFLATED_AT_ONCE_BYTES) endTurn ??= await limits.load?.turnToInflate();
    }
    return kept.whole();
  } finally {
    endTurn?.();
  }
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
  const tooLate = new Refusal('too-slow', say('body-paused', { seconds: PAUSE_MS / 1000 }));
  const bomb = { bytes: freeBytes, times: STREAM_TIMES };
  const waitMs = (): number => PAUSE_MS;
  yield* inflated(c, source, { bomb, tooLate, waitMs, leaving, load, discard: () => discard(source) });
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
  return new Refusal('too-slow', say('body-not-in-time', { seconds: ms / 1000 }));
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal('too-large', say('body-too-large', { count: maxBytes }));
}
