import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { testConnection } from '#kit/testing';
import { call, type Post } from './client.ts';

test.each([3600, '3600', 0, '', 'một giờ', null])(
  'uses a token for several calls, living %j seconds',
  async (lives) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: 't-1', expires_in: lives }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const office = { name: 'Trung tâm', address: 'Số 3', phone: '0207000001', province: 30 };
    const keys = { customerKey: 'khoa-thu-nghiem', secretKey: 'mat-ma-thu-nghiem', customerCode: 'KH-H60' };
    const post = testConnection({ orderUrl: `${url}/order`, tokenUrl: `${url}/token`, ...keys, office });
    for (let at = 0; at < 2; at++) await call(post as Post, { url: `${url}/order`, body: {}, idempotent: true });
    post.close();
    server.close();
    expect(asked).toEqual(['/token', '/order', '/order']);
  },
);
