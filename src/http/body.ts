import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { say } from '#messages/message';
import type { Load } from './bodies.ts';
import { BOMB, clientGone, encodingOf, type InflateLimits, inflated } from './inflate-body.ts';
import { Refusal } from './problem.ts';

/** After refusing a body as too large, the hub discards this much more, so that the client can read the refusal. */
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
/** A larger one waits before it has an inflater, which takes 0.3 MB: JSON packs eight times and more. */
const PACKED_AT_ONCE_BYTES = INFLATED_AT_ONCE_BYTES / 8;

/** Inflates a body that has arrived whole, so that no slow connection keeps others waiting. */
async function inflateWhole(
  c: Context,
  packed: Buffer,
  kept: Kept,
  limits: Omit<InflateLimits, 'bomb' | 'discard'>,
): Promise<Buffer> {
  const source = Readable.from([packed], { objectMode: false });
  let size = 0;
  let endTurn = packed.length > PACKED_AT_ONCE_BYTES ? await limits.load?.turnToInflate() : undefined;
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

type Kept = ReturnType<typeof createKept>;

/** Small chunks are copied into blocks, because each Buffer costs 200 bytes, even for one byte. */
const BLOCK_BYTES = { least: 1024, most: 16 * 1024 };

/** Keeps the chunks of a body. A body of one chunk is not copied. */
function createKept(maxBytes: number, { load, peek }: ReadOptions) {
  let chunks: Buffer[] = [];
  let size = 0;
  let block = Buffer.alloc(0);
  let used = 0;
  function endBlock(): void {
    if (used > 0) chunks.push(block.subarray(0, used));
    [block, used] = [block.subarray(used), 0];
  }
  function keep(chunk: Buffer): void {
    if (chunk.length >= BLOCK_BYTES.most || size === chunk.length) {
      endBlock();
      chunks.push(chunk);
      return;
    }
    if (block.length - used < chunk.length) {
      endBlock();
      block = Buffer.allocUnsafeSlow(Math.min(Math.max(size, BLOCK_BYTES.least), BLOCK_BYTES.most));
    }
    used += chunk.copy(block, used);
  }
  return {
    /** @throws Refusal when it is too large, or must make room */
    add(chunk: Buffer): void {
      if (size === 0) peek?.(chunk);
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      load?.hold(chunk.length);
      keep(chunk);
    },
    whole(): Buffer {
      endBlock();
      return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    },
    drop(): void {
      chunks = [];
    },
  };
}

/**
 * The bytes read from bodies in one turn of the event loop. The rest waits for the next turn.
 * Node accepts one connection per turn, so a health probe behind 400 large bodies waits for 400 turns.
 */
const BYTES_A_TURN = 1024 * 1024;
const RESUMED_A_TURN = 16;
let bytesOfTurn = 0;
const paused = new Set<Readable>();

/** Pauses a body if this turn has read enough. */
function restAfter(source: Readable, bytes: number): void {
  if (bytesOfTurn === 0) setImmediate(beginTurn);
  bytesOfTurn += bytes;
  if (bytesOfTurn <= BYTES_A_TURN) return;
  source.pause();
  paused.add(source);
}

function beginTurn(): void {
  bytesOfTurn = 0;
  let resumed = 0;
  for (const source of paused) {
    if (++resumed > RESUMED_A_TURN) break;
    paused.delete(source);
    source.resume();
  }
  // If no data arrives meanwhile, restAfter begins no turn.
  if (paused.size > 0) setImmediate(() => bytesOfTurn === 0 && beginTurn());
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
    // After its end, the body may be waiting to inflate: then another step has set onEvicted.
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

/**
 * The content type of a request as the message log stores it. Some senders name their file in it, and its name may be that of
 * a person. The other parameters stay: they say how to read the body again.
 */
export function storedContentType(c: Context, most: number): string | undefined {
  return c.req
    .header('content-type')
    ?.replace(/; *(?:file)?name[*\d]*=(?:"[^"]*"?|[^;]*)/gi, '')
    .slice(0, most);
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
