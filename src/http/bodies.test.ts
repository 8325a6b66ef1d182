import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { createBodies } from './bodies.ts';
import { readBody } from './body.ts';
import { createClients } from './clients.ts';
import { problemResponse, refusalOf } from './problem.ts';

const KIB = 1024;
const MOST = { known: 100 * KIB, anonymous: 100 * KIB };

function door() {
  const bodies = createBodies(createClients(), 40 * KIB, MOST);
  const app = new Hono().post('/', (c) => {
    const key = c.req.header('x-key');
    const read = (load: Parameters<Parameters<typeof bodies.ofAnonymous>[1]>[0]) =>
      readBody(c, 40 * KIB, { load }).then((body) => c.text(String(body.length)));
    return key ? bodies.ofKey(key, read) : bodies.ofAnonymous(c, read);
  });
  app.onError((error, c) => problemResponse(c, refusalOf(error)));
  /** A sender that sends this many bytes and ends on demand. */
  function send(remoteAddress: string, bytes: Buffer, headers: Record<string, string> = {}) {
    const incoming = Object.assign(new PassThrough(), { socket: { remoteAddress }, headers });
    incoming.write(bytes);
    const answer = Promise.resolve(app.request('/', { method: 'POST', headers }, { incoming }));
    return { answer, end: () => incoming.end() };
  }
  return send;
}

const statusesOf = async (sent: readonly { answer: Promise<Response> }[]) =>
  Promise.all(sent.map(async ({ answer }) => (await answer).status));
const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

describe.each([
  ['as they are', (bytes: Buffer) => bytes, {}, 3],
  // They hold their inflated bytes for a moment only, so there is room for more of them, one after another.
  ['packed', (bytes: Buffer) => gzipSync(bytes), { 'content-encoding': 'gzip' }, 40],
] as const)('bodies that never end, sent %s,', (_, packed, headers, most) => {
  const large = packed(Buffer.alloc(30 * KIB, 'x'));
  const small = packed(Buffer.alloc(3 * KIB, 'x'));

  test('are dropped for a new body of the same address, and of another one', async () => {
    const send = door();
    const slow = Array.from({ length: 10 }, () => send('203.0.113.1', large, headers));
    await soon();
    for (const address of ['203.0.113.1', '203.0.113.2']) {
      const newcomer = send(address, small, headers);
      newcomer.end();
      expect((await newcomer.answer).status).toBe(200);
    }
    for (const one of slow) one.end();
    const statuses = await statusesOf(slow);
    const passed = statuses.filter((status) => status === 200).length;
    expect(passed).toBeGreaterThanOrEqual(3);
    expect(passed).toBeLessThanOrEqual(most);
    const refused = (await Promise.all(slow.map(({ answer }) => answer))).filter(({ status }) => status !== 200);
    for (const { status, headers: told } of refused) expect([status, told.get('retry-after')]).toEqual([503, '5']);
  });

  test('of many addresses are dropped for a new body', async () => {
    const send = door();
    const slow = Array.from({ length: 40 }, (_, n) => send(`203.0.113.${n}`, large, headers));
    await soon();
    const newcomer = send('198.51.100.1', small, headers);
    newcomer.end();
    expect((await newcomer.answer).status).toBe(200);
    for (const one of slow) one.end();
    expect((await statusesOf(slow)).filter((status) => status === 200).length).toBeLessThanOrEqual(most);
  });

  test('of one key are dropped for other keys, and the oldest stays', async () => {
    const send = door();
    const slow = Array.from({ length: 8 }, () => send('203.0.113.1', large, { ...headers, 'x-key': 'one' }));
    await soon();
    const other = send('203.0.113.1', large, { ...headers, 'x-key': 'other' });
    other.end();
    expect((await other.answer).status).toBe(200);
    for (const one of slow) one.end();
    const statuses = await statusesOf(slow);
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(most);
  });
});

test('a body that arrives byte by byte is read completely', async () => {
  const text = 'Nguyễn Văn An, '.repeat(500);
  const incoming = Object.assign(new PassThrough(), { socket: { remoteAddress: '203.0.113.9' }, headers: {} });
  const app = new Hono().post('/', async (c) => c.text((await readBody(c, 40 * KIB)).toString()));
  const answer = app.request('/', { method: 'POST' }, { incoming });
  for (const byte of Buffer.from(text)) incoming.write(Buffer.of(byte));
  incoming.end();
  expect(await (await answer).text()).toBe(text);
});

describe('compressed bodies of one key', () => {
  const MIB = 1024 * KIB;
  type Load = Parameters<Parameters<ReturnType<typeof createBodies>['ofKey']>[1]>[0];

  /** A body that has its turn, and holds its inflated bytes until it is answered. */
  function inflating(bodies: ReturnType<typeof createBodies>, key: string, bytes: number) {
    const one: { hasTurn: boolean; answer: () => void } = { hasTurn: false, answer: () => undefined };
    const done = bodies.ofKey(key, async (load: Load) => {
      const end = await load.turnToInflate();
      one.hasTurn = true;
      load.hold(bytes);
      end();
      await new Promise<void>((resolve) => {
        one.answer = resolve;
      });
    });
    return { one, done };
  }

  test('inflate one after another once they are large, and those of other keys do not wait', async () => {
    const bodies = createBodies(createClients(), 20 * MIB);
    const first = inflating(bodies, 'one', 18 * MIB);
    const second = inflating(bodies, 'one', 18 * MIB);
    const other = inflating(bodies, 'other', 18 * MIB);
    await soon();
    expect([first, second, other].map(({ one }) => one.hasTurn)).toEqual([true, false, true]);
    first.one.answer();
    await first.done;
    await soon();
    expect(second.one.hasTurn).toBe(true);
    for (const { one } of [second, other]) one.answer();
    await Promise.all([second.done, other.done]);
  });

  test('inflate beside each other while they are small', async () => {
    const bodies = createBodies(createClients(), 20 * MIB);
    const small = Array.from({ length: 8 }, () => inflating(bodies, 'one', 100 * KIB));
    await soon();
    expect(small.every(({ one }) => one.hasTurn)).toBe(true);
    for (const { one } of small) one.answer();
    await Promise.all(small.map(({ done }) => done));
  });
});
