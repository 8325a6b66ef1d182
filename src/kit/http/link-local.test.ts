import dns from 'node:dns';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createHttp } from './http.ts';
import { isLinkLocal } from './link-local.ts';

describe('an address', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.1/',
    'http://169.254.169.254./',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://[febf::1]/',
    'http://[fd00:ec2::254]/',
    'http://[64:ff9b::169.254.169.254]/',
    'http://[64:ff9b:1::a9fe:a9fe]/',
    'http://[2002:a9fe:a9fe::1]/',
    'http://[::ffff:0:169.254.169.254]/',
    'http://[::169.254.169.254]/',
    'http://[64:ff9b:1:ffff::169.254.169.254]/',
    'http://100.100.100.200/',
    'http://1684301000/',
    'http://[::ffff:100.100.100.200]/',
    'http://[2002:6464:64c8::1]/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    'http://[64:ff9b::192.0.0.192]/',
    // A NAT64 prefix of the network's own: 32, 40, 48, 56, 64 and 96 bits.
    'http://[2001:db8:a9fe:a9fe::]/',
    'http://[2001:db8:1a9:fea9:fe::]/',
    'http://[64:ff9b:1:a9fe:a9:fe00::]/',
    'http://[2001:db8:1:1a9:fe:a9fe::]/',
    'http://[64:ff9b:1:abcd:a9:fea9:fe00:0]/',
    'http://[2001:db8:1:2:3:4:a9fe:a9fe]/',
    'http://[64:ff9b:1:2:3:4:a9fe:a9fe]/',
    // Teredo, whose client is written inverted, and whose server is not; ISATAP.
    'http://[2001:0:4136:e378:8000:63bf:5601:5601]/',
    'http://[2001:0:a9fe:a9fe::1]/',
    'http://[2001:db8::5efe:a9fe:a9fe]/',
    'http://[2001:db8::200:5efe:a9fe:a9fe]/',
    'http://[fd20:ce::254]/',
    'http://[fd00:42::42]/',
    'http://[fd00:ec2::23]/',
  ])('is link-local or a metadata service: %s', (url) => {
    expect(isLinkLocal(new URL(url).hostname)).toBe(true);
  });

  test.each([
    'http://127.0.0.1/',
    'http://10.0.0.5/',
    'http://192.168.1.1/',
    'http://[::1]/',
    'http://[fd00::1]/',
    'http://169.253.0.1/',
    'http://100.100.100.201/',
    'http://168.63.129.17/',
    'http://192.0.0.193/',
    'http://[2002:6464:64c9::1]/',
    'http://[fec0::1]/',
    'http://[::ffff:10.0.0.5]/',
    'http://[64:ff9b::10.0.0.5]/',
    'http://[2002:a9fd::1]/',
    'http://[2001:db8:a9fe:a9fe::1]/',
    'http://[2001:db8::a9fe:1]/',
    'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
    'http://[64:ff9b:1:a00:0:500::]/',
    'http://portal.example.test/',
  ])('is not: %s', (url) => {
    expect(isLinkLocal(new URL(url).hostname)).toBe(false);
  });
});

describe('a call', () => {
  afterEach(() => vi.restoreAllMocks());
  const call = async (url: string) => {
    const client = createHttp({ origins: [new URL(url).origin], connectMs: 500 });
    const result = await client.exchange({ url, body: 'x' });
    client.close();
    return result;
  };
  const standsFor = (...addresses: readonly string[]) =>
    vi.spyOn(dns, 'lookup').mockImplementation(((
      _host: string,
      { all }: dns.LookupOptions,
      done: (...found: unknown[]) => void,
    ) => {
      const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      if (all) done(null, found);
      else done(null, found[0]?.address, found[0]?.family);
    }) as unknown as typeof dns.lookup);
  const REFUSED = { kind: 'unreachable', reason: 'link-local' };

  test.each(['http', 'https'])('to a link-local address or name is not made: %s', async (by) => {
    expect(await call(`${by}://169.254.169.254/`)).toMatchObject(REFUSED);
    standsFor('169.254.169.254', 'fe80::1');
    expect(await call(`${by}://portal.example.test/`)).toMatchObject(REFUSED);
  });

  test('to a name with other addresses too uses those', async () => {
    const server = http.createServer((_, reply) => reply.end('here')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    standsFor('fe80::1', '127.0.0.1');
    const { port } = server.address() as AddressInfo;
    expect(await call(`http://portal.example.test:${port}/`)).toMatchObject({ kind: 'reply', status: 200 });
    server.close();
  });

  test('to a name without an answer was not made, and callers share one look-up', async () => {
    const asked = vi.spyOn(dns, 'lookup').mockImplementation((() => undefined) as unknown as typeof dns.lookup);
    const client = createHttp({ origins: ['http://away.example.test'], connectMs: 20 });
    const calls = Array.from({ length: 10 }, () => client.exchange({ url: 'http://away.example.test/', body: 'x' }));
    for (const result of await Promise.all(calls))
      expect(result).toMatchObject({ kind: 'unreachable', reason: 'etimedout', message: 'no connection: ETIMEDOUT' });
    expect(asked).toHaveBeenCalledOnce();
    client.close();
  });

  test.each([301, 302, 303, 307, 308])('follows no redirect: %i is an ordinary answer', async (status) => {
    const asked: unknown[] = [];
    const server = http.createServer((request, reply) => {
      asked.push(request.url);
      reply.writeHead(status, { Location: '/elsewhere' }).end();
    });
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await call(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'reply', status });
    expect(asked).toEqual(['/']);
    server.close();
  });
});
