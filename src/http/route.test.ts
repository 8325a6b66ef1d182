import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { conditional, conditionalList } from './route.ts';

test('a long list equals the reply in one piece, and other requests run in between', async () => {
  let turns = 0;
  const items = Array.from({ length: 12 }, (_, at) => at);
  const write = (item: number): string => {
    for (const from = performance.now(); performance.now() - from < 3; );
    return JSON.stringify(`số ${item}`);
  };
  const app = new Hono()
    .get('/list', (c) => conditionalList(c, { head: '[', items, write, tail: ']' }))
    .get('/none', (c) => conditionalList(c, { head: '[', items: [], write, tail: ']' }))
    .get('/whole', (c) => conditional(c, `[${items.map(write).join()}]`));
  const replyOf = async (path: string, headers = {}) => {
    const reply = await app.request(path, { headers });
    return [reply.status, reply.headers.get('etag'), reply.headers.get('content-type'), await reply.text()] as const;
  };
  const whole = await replyOf('/whole');

  const counting = setInterval(() => turns++, 0);
  expect(await replyOf('/list')).toEqual(whole);
  clearInterval(counting);

  expect(turns).toBeGreaterThan(1);
  expect((await replyOf('/list', { 'If-None-Match': whole[1] }))[0]).toBe(304);
  expect((await replyOf('/none'))[3]).toBe('[]');
});
