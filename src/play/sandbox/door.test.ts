import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createDoor } from './door.ts';

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the door knows the sessions of the last 200 logins, and of no more', async () => {
  let logins = 0;
  const door = createDoor();
  door.hubUrl = await listening((incoming, outgoing) => {
    outgoing.end(JSON.stringify(incoming.url === '/mapi/login' ? { session: `s${++logins}` } : { result: [] }));
  });
  const url = await listening(door.handle);
  const post = async (path: string, body: object) =>
    (await (await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })).json()) as {
      session: string;
    };
  const login = () => post('/mapi/login', { username: 'one-stop-legacy' });
  const oldest = await login();
  for (let n = 0; n < 199; n++) await login();
  const newest = await login();
  expect(logins).toBe(201);
  for (const { session } of [oldest, newest]) await post('/mapi/g', { session, data: [] });
  await expect.poll(() => door.pushes.length).toBe(1);
});
