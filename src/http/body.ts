import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Context } from 'hono';
import { Refusal } from './problem.ts';

/** After a body was refused as too large, this much more is thrown away so that the client can read the refusal. */
const DISCARD_BYTES = 64 * 1024 * 1024;

/**
 * The whole body, inflated. A size that is told is refused at once; one that shows while reading, as soon as it shows.
 *
 * @throws Refusal 413 over `maxBytes` inflated, 415 for an encoding that is not known, 400 when it does not inflate
 */
export async function readBody(c: Context, maxBytes: number): Promise<Buffer> {
  const told = Number(c.req.header('content-length') ?? 0);
  if (told > maxBytes) {
    discardRest(rawBody(c));
    throw tooLarge(maxBytes);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(c)) {
    size += chunk.length;
    if (size > maxBytes) {
      discardRest(rawBody(c));
      throw tooLarge(maxBytes);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
}

/** The body as it arrives, inflated. */
export async function* bodyChunks(c: Context): AsyncGenerator<Buffer> {
  const source = rawBody(c);
  if (!source) return;
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  try {
    yield* (encoding === 'identity' ? source : source.pipe(inflaterOf(encoding))) as AsyncIterable<Buffer>;
  } catch (error) {
    if (
      (error as { code?: string }).code?.startsWith('Z_') ||
      /brotli|ERR__ERROR/i.test(String((error as { code?: string }).code))
    )
      throw new Refusal('not-json', `the body is not valid ${encoding}: ${(error as Error).message}`);
    throw error;
  }
}

function inflaterOf(encoding: string) {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  if (encoding === 'br') return createBrotliDecompress();
  throw new Refusal(
    'unsupported-media',
    `got the content encoding ${JSON.stringify(encoding)}, expected gzip, deflate, br or none`,
  );
}

function rawBody(c: Context): Readable | undefined {
  const incoming = (c.env as { incoming?: IncomingMessage } | undefined)?.incoming;
  if (incoming) return incoming;
  return c.req.raw.body ? Readable.fromWeb(c.req.raw.body as never) : undefined;
}

function discardRest(source: Readable | undefined): void {
  if (!source || source.destroyed) return;
  let discarded = 0;
  source.unpipe();
  source.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARD_BYTES) source.destroy();
  });
  source.on('error', () => undefined);
  source.resume();
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal('too-large', `the body is larger than ${maxBytes} bytes (measured inflated)`);
}
