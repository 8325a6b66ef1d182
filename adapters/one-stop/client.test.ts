import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Outgoing } from '#kit';
import { testConnection, type WireRecord } from '#kit/testing';
import adapter from './adapter.ts';
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

test('a code that steps up in the address of the one-stop system is refused, and nothing is called', async () => {
  const wires: WireRecord[] = [];
  const connection = testConnection(
    { baseUrl: 'http://127.0.0.1:9/lien-thong' },
    { record: (wire) => wires.push(wire) },
  );
  for (const code of ['.', '..']) {
    const item = { id: 'x', code, record: { code } } as Outgoing<'payment.upsert.v1'>;
    expect(await adapter.send?.['payment.upsert.v1']?.send(connection, [item])).toMatchObject([
      { kind: 'refused', reason: 'validation' },
    ]);
  }
  connection.close();
  expect(wires).toEqual([]);
});
