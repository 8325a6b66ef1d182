import { once } from 'node:events';
import net from 'node:net';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listening, listen } from './listen.ts';

let listening: Listening;
beforeAll(async () => {
  const app = new Hono().get('/', (c) => c.text(new URL(c.req.url).host));
  listening = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => listening.close());

test.each(['hub.example', 'hub.example:8080', '10.0.0.5', '[::1]:8080'])('the Host %s is answered', async (host) => {
  expect(await statusOf(host)).toBe(200);
});

test.each(['300.1.1.1', '1.2.3.4.5', '0x100000000', 'a b', 'a:99999'])(
  'the Host %s is a request that is wrong: 400',
  async (host) => {
    expect(await statusOf(host)).toBe(400);
  },
);

test('who came before it closes is answered, however many came at once', async () => {
  const closing = await listen(
    new Hono().get('/', (c) => c.text('answered')),
    { host: '127.0.0.1', port: 0 },
  );
  const asked = Array.from({ length: 20 }, () => statusOf('hub.example', closing.url));
  await closing.close();
  expect(await Promise.all(asked)).toEqual(asked.map(() => 200));
});

/** Clients of Node write the Host by themselves. */
async function statusOf(host: string, url = listening.url): Promise<number> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1]);
}
