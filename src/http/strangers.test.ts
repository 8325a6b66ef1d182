import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { readBody } from './body.ts';
import { createClients } from './clients.ts';
import { problemResponse, refusalOf } from './problem.ts';
import { createStrangers } from './strangers.ts';

const KIB = 1024;

function door() {
  const strangers = createStrangers(createClients(), 40 * KIB, 100 * KIB);
  const app = new Hono().post('/', (c) =>
    strangers(c, async (hold) => c.text(String((await readBody(c, 40 * KIB, { hold })).length))),
  );
  app.onError((error, c) => problemResponse(c, refusalOf(error)));
  /** Somebody who sends so much, and ends when it is said. */
  function send(remoteAddress: string, bytes: Buffer, headers: Record<string, string> = {}) {
    const incoming = Object.assign(new PassThrough(), { socket: { remoteAddress }, headers });
    incoming.write(bytes);
    const answer = Promise.resolve(app.request('/', { method: 'POST', headers }, { incoming }));
    return { answer, end: () => incoming.end() };
  }
  return send;
}

test.each([
  ['as they are', (bytes: Buffer) => bytes, {}],
  ['packed', (bytes: Buffer) => gzipSync(bytes), { 'content-encoding': 'gzip' }],
] as const)('bodies that never end, sent %s, take so much of an address and no more', async (_, packed, headers) => {
  const send = door();
  const bytes = packed(Buffer.alloc(30 * KIB, 'x'));
  const slow = Array.from({ length: 10 }, () => send('203.0.113.1', bytes, headers));
  const refused = slow.slice(3).map(({ answer }) => answer);
  const replies = await Promise.all(refused);
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([503]));
  expect(replies[0]?.headers.get('retry-after')).toBe('5');

  const other = send('203.0.113.2', bytes, headers);
  other.end();
  expect((await other.answer).status).toBe(200);
  for (const one of slow) one.end();
  const taken = await Promise.all(slow.slice(0, 3).map(({ answer }) => answer));
  expect(taken.map(({ status }) => status)).toEqual([200, 200, 200]);
  const later = send('203.0.113.1', bytes, headers);
  later.end();
  expect((await later.answer).status).toBe(200);
});
