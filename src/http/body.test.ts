import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bodyChunks, readBody, readForm } from './body.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function bodyOf(headers: Readonly<Record<string, string>> = {}): { source: PassThrough; c: Context } {
  const source = new PassThrough();
  const c = { env: { incoming: source }, req: { header: (name: string) => headers[name] } };
  return { source, c: c as unknown as Context };
}

const SECOND = 1_000;
const ENCODINGS: readonly Readonly<Record<string, string>>[] = [{}, { 'content-encoding': 'gzip' }];

describe('a body that does not arrive', () => {
  test.each(ENCODINGS)('is refused after five minutes, %j', async (headers) => {
    const { source, c } = bodyOf(headers);
    const refused = expect(readBody(c, 1_000)).rejects.toMatchObject({ status: 408, message: /within 300 s/ });
    const bytes = 'content-encoding' in headers ? gzipSync('[1,2]') : Buffer.from('[1,2]');
    for (let n = 0; n < 3; n++) {
      source.write(bytes.subarray(n, n + 1));
      await vi.advanceTimersByTimeAsync(99 * SECOND);
    }
    await vi.advanceTimersByTimeAsync(4 * SECOND);
    await refused;
    // The rest of the body is discarded, so that the client can read the refusal.
    expect(source.write(Buffer.alloc(100_000))).toBe(true);
  });

  test('is refused after half a minute for a form, which anybody may send', async () => {
    const { source, c } = bodyOf();
    const refused = expect(readForm(c, 1_000)).rejects.toMatchObject({ status: 408, message: /within 30 s/ });
    for (let n = 0; n < 4; n++) {
      source.write('x');
      await vi.advanceTimersByTimeAsync(9 * SECOND);
    }
    await refused;
  });

  test('is refused as a stream after a minute’s pause, and may otherwise take hours', async () => {
    const { source, c } = bodyOf();
    const got: string[] = [];
    const read = (async () => {
      for await (const chunk of bodyChunks(c, 1_000, new AbortController().signal)) got.push(chunk.toString());
    })();
    const refused = expect(read).rejects.toMatchObject({ status: 408, message: /paused for 60 s/ });
    for (let n = 0; n < 200; n++) {
      source.write('x');
      await vi.advanceTimersByTimeAsync(50 * SECOND);
    }
    expect(got.join('')).toHaveLength(200);
    await vi.advanceTimersByTimeAsync(11 * SECOND);
    await refused;
  });

  test('is refused when the hub stops, in words of both languages', async () => {
    const leaving = new AbortController();
    const read = bodyChunks(bodyOf().c, 1_000, leaving.signal).next();
    leaving.abort();
    await expect(read).rejects.toMatchObject({ status: 503, words: { code: 'hub-stopping' } });
  });

  test('leaves no timer after its end', async () => {
    for (const headers of ENCODINGS) {
      const { source, c } = bodyOf(headers);
      const read = readBody(c, 1_000);
      source.end('content-encoding' in headers ? gzipSync('[]') : '[]');
      expect((await read).toString()).toBe('[]');
    }
    expect(vi.getTimerCount()).toBe(0);
  });
});
