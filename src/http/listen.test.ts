import { once } from 'node:events';
import net from 'node:net';
import { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Listening, listen } from './listen.ts';

const LARGE_BYTES = 4 * 1024 * 1024;
let asked = 0;
let listening: Listening;
beforeEach(() => {
  asked = 0;
});
beforeAll(async () => {
  const app = new Hono()
    .get('/', (c) => c.text(new URL(c.req.url).host))
    .get('/large', (c) => {
      asked++;
      return c.body('x'.repeat(LARGE_BYTES));
    })
    .get('/count', async (c) => {
      const n = ++asked;
      await new Promise((resolve) => setTimeout(resolve, n === 1 ? 50 : 0));
      return c.text(`answer ${n};`);
    });
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

test('requests that are sent one behind the other are answered one after the other', async () => {
  const socket = connected();
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(`${GET('/count').repeat(49)}${GET('/count', 'Connection: close')}`);
  await once(socket, 'close');
  expect(text.match(/answer \d+/g)).toEqual(Array.from({ length: 50 }, (_, at) => `answer ${at + 1}`));
});

test('who asks on and on without reading gets nothing made for it but the first answer', async () => {
  const socket = connected();
  socket.pause();
  socket.write(GET('/large').repeat(90));
  await new Promise((resolve) => setTimeout(resolve, 300));
  // What the system itself keeps between two sockets may be more than one of them.
  expect(asked).toBeLessThan(10);
  socket.destroy();
});

test('a connection with more than a hundred requests that wait is closed', async () => {
  const socket = connected();
  socket.on('error', () => undefined).resume();
  socket.write(GET('/large').repeat(300));
  await once(socket, 'close');
  expect(asked).toBeLessThan(10);
  expect(await statusOf('hub.example')).toBe(200);
});

test.each(['Content-Length: 1000000', 'Transfer-Encoding: chunked'])(
  'a GET with a body (%s) is answered, and nobody waits for the rest of it',
  async (header) => {
    const socket = connected();
    let text = '';
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        text += chunk;
      });
    socket.write(`${GET('/', header)}5\r\nabcde\r\n`);
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 200.*hub\.example/s);
  },
);

const GET = (path: string, header = 'Accept: */*'): string =>
  `GET ${path} HTTP/1.1\r\nHost: hub.example\r\n${header}\r\n\r\n`;

function connected(url = listening.url): net.Socket {
  return net.connect(Number(new URL(url).port), '127.0.0.1');
}

/** Clients of Node write the Host by themselves. */
async function statusOf(host: string, url = listening.url): Promise<number> {
  const socket = connected(url);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1]);
}
