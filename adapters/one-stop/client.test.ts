import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Outgoing } from '#kit';
import { testConnection, type WireRecord } from '#kit/testing';
import { tell } from './client.ts';

test('a key that the one-stop system quotes is not stored', async () => {
  const server = createServer(({ headers }, response) => {
    response.writeHead(401, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ detail: `${headers.authorization} không hợp lệ` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wires: WireRecord[] = [];
  const connection = testConnection({ baseUrl, token: 'khoa-thu-nghiem' }, { record: (wire) => wires.push(wire) });
  const item = { id: 'x', code: 'H60.01-250812-0035', record: {} } as Outgoing;
  await tell(connection, item, { method: 'PUT', path: 'dossiers/H60.01-250812-0035' });
  connection.close();
  server.close();
  expect(wires).toMatchObject([{ reply: '{"detail":"Bearer *** không hợp lệ"}' }]);
});
