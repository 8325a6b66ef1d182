import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { Context } from 'hono';
import { say } from '#messages/message';
import type { Load } from './bodies.ts';
import { Refusal } from './problem.ts';

/** A body that inflates beyond both limits is a bomb. */
interface Bomb {
  readonly bytes: number;
  readonly times: number;
}

/** gzip packs a repeated record at most 130 times, a repeated byte 1030 times. */
export const BOMB: Bomb = { bytes: 4 * 1024 * 1024, times: 500 };

export interface InflateLimits {
  readonly bomb: Bomb;
  /** The longest wait for the next chunk. After it, the refusal is `tooLate`. */
  readonly waitMs: () => number;
  readonly tooLate: Refusal;
  readonly leaving?: AbortSignal;
  readonly load?: Load | undefined;
  /** Reads the rest of a refused body, so that the client can read the refusal. */
  readonly discard: () => void;
}

/**
 * The chunks of a body, inflated.
 *
 * @throws Refusal 413 for a bomb, 415 for an unknown encoding, 400 when it does not inflate, 408 and 503 by the limits
 */
export async function* inflated(c: Context, source: Readable, limits: InflateLimits): AsyncGenerator<Buffer> {
  const { bomb, discard } = limits;
  let inflater: Inflater | undefined;
  let encoding: Encoding | undefined;
  try {
    encoding = encodingOf(c);
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
        throw new Refusal('too-large', say('inflates-too-much', { times: bomb.times, count: bomb.bytes }));
      }
      yield chunk;
    }
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === 'ECONNRESET') throw clientGone();
    if (error instanceof Refusal) discard();
    if (!INFLATE_ERROR.test(code)) throw error;
    discard();
    throw new Refusal('not-json', say('not-inflatable', { encoding: encoding ?? '', said: (error as Error).message }));
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
async function inTime<Out>(work: Promise<Out>, { waitMs, tooLate, leaving, load }: InflateLimits): Promise<Out> {
  let timer: NodeJS.Timeout | undefined;
  let leave = (): void => undefined;
  const inTime = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate), waitMs());
    load?.onEvicted(reject);
    leave = () => reject(new Refusal('unavailable', say('hub-stopping'), { headers: { 'Retry-After': '5' } }));
    if (leaving?.aborted) leave();
    else leaving?.addEventListener('abort', leave);
  });
  return Promise.race([inTime, work]).finally(() => {
    clearTimeout(timer);
    load?.onEvicted(undefined);
    leaving?.removeEventListener('abort', leave);
  });
}

const INFLATE_ERROR = /^(?:Z_|ERR__ERROR)/;

export function clientGone(): Refusal {
  return new Refusal('bad-request', say('client-went-away'));
}

/** Each chunk crosses threads. Larger chunks make a bomb cost a quarter of what 16 KiB chunks cost. */
const CHUNKS = { chunkSize: 64 * 1024 };

type Inflater = Awaited<ReturnType<typeof inflaterOf>>;

type Encoding = 'identity' | 'gzip' | 'deflate' | 'br';

/** The encoding of a body. @throws Refusal 415 for one that the hub cannot inflate */
export function encodingOf(c: Context): Encoding {
  const given = c.req.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  const encoding = given === 'x-gzip' ? 'gzip' : given;
  if (encoding === 'identity' || encoding === 'gzip' || encoding === 'deflate' || encoding === 'br') return encoding;
  throw new Refusal('unsupported-media', say('content-encoding', { got: given }));
}

async function inflaterOf(encoding: Exclude<Encoding, 'identity'>, source: Readable, limits: InflateLimits) {
  if (encoding === 'gzip') return createGunzip(CHUNKS);
  if (encoding === 'br') return createBrotliDecompress(CHUNKS);
  return (await isWrapped(source, limits)) ? createInflate(CHUNKS) : createInflateRaw(CHUNKS);
}

/**
 * Whether a deflate body has the zlib wrapper, whose first byte ends in 8 (RFC 1950).
 *
 * .NET's DeflateStream writes it without the wrapper. No encoder of that form starts with such a byte.
 */
async function isWrapped(source: Readable, limits: InflateLimits): Promise<boolean> {
  const over = new AbortController();
  const begun = ['readable', 'end'].map((event) => once(source, event, { signal: over.signal }));
  await inTime(Promise.race(begun), limits).finally(() => over.abort());
  const first: Buffer | null = source.read(1);
  if (first) source.unshift(first);
  return !first || ((first[0] as number) & 15) === 8;
}
