import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';

let hub: TestHub;
beforeEach(async () => {
  hub = await testHub();
});
afterEach(() => hub.close());

const push = (...ns: number[]) => hub.push(ns.map((n) => dossier({ code: codeOf(n) })));

interface Told {
  readonly id: string;
  readonly data: { readonly cursor: string; readonly code: string };
}

/** The stream, and a function that waits for its next events. */
async function listen(headers: Record<string, string> = {}, query = '') {
  const response = await hub.request('GET', `/api/v1/events${query}`, 'portal', undefined, headers);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let gaps = 0;
  return {
    gaps: () => gaps,
    async next(many: number): Promise<readonly Told[]> {
      for (;;) {
        const whole = text.split('\n\n').slice(0, -1);
        const told = whole.filter((block) => block.startsWith('id: ')).map(eventOf);
        if (told.length >= many) {
          gaps += whole.filter((block) => block === 'event: gap\ndata: {}').length;
          text = '';
          return told;
        }
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream has ended');
        text += value;
      }
    },
    leave: () => reader.cancel(),
  };
}

function eventOf(block: string): Told {
  const [, id = '', data = ''] = /^id: (.+)\ndata: (.+)$/.exec(block) ?? [];
  return { id, data: JSON.parse(data) };
}

test('changes are sent as they happen, equal to those of the list', async () => {
  await push(1, 2);
  const stream = await listen();
  const first = await stream.next(2);
  expect(first.map(({ data }) => data)).toEqual((await hub.read('/api/v1/changes')).body.items);
  expect(first.every(({ id, data }) => id === data.cursor)).toBe(true);
  await push(3);
  expect((await stream.next(1)).map(({ data }) => data.code)).toEqual([codeOf(3)]);
  await stream.leave();
});

test('a reconnected reader continues after its last event', async () => {
  await push(1, 2, 3);
  const stream = await listen();
  const [, second] = await stream.next(3);
  await stream.leave();
  await push(4);
  for (const resumed of [
    await listen({ 'Last-Event-ID': second?.id as string }),
    await listen({}, `?cursor=${second?.id}`),
  ]) {
    expect((await resumed.next(2)).map(({ data }) => data.code)).toEqual([codeOf(3), codeOf(4)]);
    await resumed.leave();
  }
});

test('only a reader that may miss changes is told of a gap', async () => {
  const told = async (headers: Record<string, string>, query = '') => {
    const stream = await listen(headers, query);
    const [first] = await stream.next(1);
    await stream.leave();
    return [stream.gaps(), first?.data.code];
  };
  await push(1, 2, 3);
  const [, second] = (await hub.read('/api/v1/changes')).body.items;
  const first = (await hub.read('/api/v1/changes?limit=1')).body.next;
  expect(await told({ 'Last-Event-ID': first })).toEqual([0, codeOf(2)]);
  await hub.hub.database.pool.query('DELETE FROM changes WHERE cursor <= 2');
  expect(await told({ 'Last-Event-ID': first })).toEqual([1, codeOf(3)]);
  expect(await told({}, `?cursor=${first}`)).toEqual([1, codeOf(3)]);
  expect(await told({ 'Last-Event-ID': second.cursor })).toEqual([0, codeOf(3)]);
  expect(await told({})).toEqual([0, codeOf(3)]);
  // The database is restored while a reader listens: numbers jump far ahead.
  const stream = await listen();
  await stream.next(1);
  await hub.hub.database.pool.query('UPDATE change_counter SET value = value + 1000');
  await push(4);
  expect((await stream.next(1)).map(({ data }) => data.code)).toEqual([codeOf(4)]);
  await stream.leave();
  expect(stream.gaps()).toBe(1);
});

test('a client that catches up reads a thousand changes a page, each once', async () => {
  const { pool } = hub.hub.database;
  const { rows } = await pool.query<{ value: number }>('SELECT value FROM change_counter');
  const before = rows[0]?.value ?? 0;
  await pool.query(
    `INSERT INTO changes (cursor, code, status, status_at, changed_at)
     SELECT $1 + n, 'X-' || n, 'received', now(), now() FROM generate_series(1, 1200) n`,
    [before],
  );
  await pool.query('UPDATE change_counter SET value = value + 1200');
  const first = (await hub.read('/api/v1/changes?limit=1000')).body;
  const second = (await hub.read(`/api/v1/changes?limit=1000&cursor=${first.next}`)).body;
  expect([first.items.length, first.gap, second.gap]).toEqual([1_000, undefined, undefined]);
  const codes = [...first.items, ...second.items].map(({ code }: Json) => code).filter((code) => code.startsWith('X-'));
  expect(codes).toEqual(Array.from({ length: 1_200 }, (_, n) => `X-${n + 1}`));
  const { status, body } = await hub.read('/api/v1/changes?limit=1001');
  expect([status, body.problems[0].path]).toEqual([400, '?limit']);
});

test('a hub that shuts down ends the stream', async () => {
  const own = await testHub();
  const response = await own.request('GET', '/api/v1/events', 'portal');
  const reader = (response.body as ReadableStream).getReader();
  await reader.read();
  await own.close();
  for (let done = false; !done; ) ({ done } = await reader.read());
});

test('without a key, with an invented id or a wrong parameter there is no stream', async () => {
  expect((await hub.request('GET', '/api/v1/events')).status).toBe(401);
  expect((await hub.request('GET', '/api/v1/events', 'one-stop')).status).toBe(403);
  const made = await hub.request('GET', '/api/v1/events', 'portal', undefined, { 'Last-Event-ID': 'made-up' });
  expect([made.status, ((await made.json()) as Json).problems[0].path]).toEqual([400, 'Last-Event-ID']);
  const asked = await hub.read('/api/v1/events?cursor=made-up');
  expect([asked.status, asked.body.problems[0].path]).toEqual([400, '?cursor']);
  expect((await hub.request('GET', '/api/v1/events?wait=1', 'portal')).status).toBe(400);
  expect((await hub.request('HEAD', '/api/v1/events', 'portal')).status).toBe(200);
});

test('a key has at most a hundred streams, and ended ones make room', async () => {
  const streams = await Promise.all(Array.from({ length: 100 }, () => listen()));
  const refused = await hub.request('GET', '/api/v1/events', 'portal');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '15']);
  await push(1);
  await Promise.all(
    streams.map(async (stream) => {
      expect((await stream.next(1)).map(({ data }) => data.code)).toEqual([codeOf(1)]);
      await stream.leave();
    }),
  );
  // Simultaneous ones count too.
  await expect
    .poll(async () => {
      const many = await Promise.all(Array.from({ length: 130 }, () => hub.request('GET', '/api/v1/events', 'portal')));
      await Promise.all(many.map(({ body }) => body?.cancel()));
      return many.filter(({ status }) => status === 200).length;
    })
    .toBe(100);
  await expect.poll(async () => (await hub.request('HEAD', '/api/v1/events', 'portal')).status).toBe(200);
});
