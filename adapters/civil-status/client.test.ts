import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { testConnection, type WireRecord } from '#kit/testing';
import { type CivilStatus, call } from './client.ts';

test('a secret that the gateway quotes is not stored', async () => {
  const server = createServer(({ url }, response) => {
    const refused = { message: 'lgspaccesstoken ma-lgsp-thu-nghiem không hợp lệ' };
    response.writeHead(url === '/token' ? 200 : 403, { 'content-type': 'application/json' });
    response.end(JSON.stringify(url === '/token' ? { access_token: 't-1', expires_in: 3600 } : refused));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wires: WireRecord[] = [];
  const connection = testConnection(
    {
      tokenUrl: `${url}/token`,
      baseUrl: url,
      consumerKey: 'khoa',
      consumerSecret: 'mat-ma-thu-nghiem',
      lgspAccessToken: 'ma-lgsp-thu-nghiem',
      maTinh: '08',
      maDonVi: '02269',
    },
    { record: (wire) => wires.push(wire) },
  );
  await call(connection as CivilStatus, `${url}/hotich`, {}, { idempotent: true });
  connection.close();
  server.close();
  expect(JSON.stringify(wires)).toContain('không hợp lệ');
  expect(JSON.stringify(wires)).not.toContain('ma-lgsp-thu-nghiem');
});
