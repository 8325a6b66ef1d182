import { X509Certificate } from 'node:crypto';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { testCertificate } from '../../tests/support/certificate.ts';
import { createClients, networkOf } from './clients.ts';

/** The result for a request from this address. */
async function seen(
  remoteAddress: string,
  headers: Record<string, string>,
  { proxies, encrypted = false }: { proxies?: string[]; encrypted?: boolean } = {},
) {
  const clients = createClients(proxies);
  const app = new Hono();
  app.get('/', (c) => c.json([clients.addressOf(c), clients.isPrivate(c), clients.originOf(c)]));
  const incoming = { socket: { remoteAddress, encrypted }, headers };
  const response = await app.request('http://hub:8080/', { headers }, { incoming });
  return (await response.json()) as unknown[];
}

const FORWARDED = {
  'x-forwarded-for': '198.51.100.9, 192.0.2.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'dichvu.example',
};

test('forwarding headers of others are ignored', async () => {
  expect(await seen('203.0.113.5', FORWARDED)).toEqual(['203.0.113.5', false, 'http://hub:8080']);
  expect(await seen('203.0.113.5', FORWARDED, { proxies: ['10.0.0.0/8'] })).toEqual([
    '203.0.113.5',
    false,
    'http://hub:8080',
  ]);
});

test('a trusted proxy names the client and TLS; the client’s own headers are ignored', async () => {
  const proxies = ['10.0.0.0/8'];
  expect(await seen('10.1.2.3', FORWARDED, { proxies })).toEqual(['192.0.2.7', true, 'https://dichvu.example']);
  expect(await seen('::ffff:10.1.2.3', FORWARDED, { proxies })).toEqual(['192.0.2.7', true, 'https://dichvu.example']);
  expect((await seen('10.1.2.3', { ...FORWARDED, 'x-forwarded-proto': 'https, http' }, { proxies }))[1]).toBe(false);
  for (const odd of ['a"b', 'a:b', 'hub:99999'])
    expect((await seen('10.1.2.3', { 'x-forwarded-host': odd }, { proxies }))[2]).toBe('http://hub:8080');
});

test('a peer on this machine is private, unless it is a proxy without TLS', async () => {
  expect((await seen('127.0.0.1', {}))[1]).toBe(true);
  expect((await seen('192.0.2.7', {}, { encrypted: true }))[1]).toBe(true);
  expect((await seen('127.0.0.1', { 'x-forwarded-proto': 'http' }, { proxies: ['loopback'] }))[1]).toBe(false);
});

test('behind a local proxy without a scheme the client’s address decides', async () => {
  const from = async (peer: string, forwarded: string, proxies = ['loopback']) =>
    (await seen(peer, { 'x-forwarded-for': forwarded }, { proxies }))[1];
  expect(await from('127.0.0.1', '8.8.8.8')).toBe(false);
  expect(await from('::ffff:127.0.0.1', '127.0.0.1, 8.8.8.8')).toBe(false);
  expect(await from('::1', '127.0.0.1')).toBe(true);
  const chain = ['loopback', '10.0.0.0/8'];
  expect(await from('127.0.0.1', '127.0.0.1, 10.1.2.3', chain)).toBe(false);
  expect(await from('10.1.2.3', '127.0.0.1', chain)).toBe(false);
});

test('an untrusted local peer with forwarding headers is not private', async () => {
  const isPrivate = async (headers: Record<string, string>, proxies?: string[]) =>
    (await seen('127.0.0.1', headers, proxies && { proxies }))[1];
  for (const forwarded of ['203.0.113.9', '127.0.0.1', ''])
    for (const proxies of [undefined, ['10.0.0.0/8']])
      expect([forwarded, await isPrivate({ 'x-forwarded-for': forwarded }, proxies)]).toEqual([forwarded, false]);
  for (const header of ['forwarded', 'x-real-ip', 'via'])
    expect([header, await isPrivate({ [header]: 'for=203.0.113.9' })]).toEqual([header, false]);
  // 127.0.0.2 is not trusted: the entry before it may be its client.
  expect(await isPrivate({ 'x-forwarded-for': '203.0.113.9, 127.0.0.2' }, ['127.0.0.1'])).toBe(false);
  expect(await isPrivate({ 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' }, ['loopback'])).toBe(true);
  expect(await isPrivate({ ...FORWARDED, 'x-forwarded-for': '203.0.113.9' }, ['loopback'])).toBe(true);
});

test('a local proxy that is not configured is reported once', async () => {
  const told: string[] = [];
  const clients = createClients(['10.0.0.5'], (proxy) => told.push(proxy));
  const app = new Hono().get('/', (c) => c.text(clients.addressOf(c) ?? ''));
  const ask = (remoteAddress: string, headers: Record<string, string>) =>
    app.request('/', { headers }, { incoming: { socket: { remoteAddress }, headers } });
  for (const from of ['10.0.0.5', '10.0.0.6', '10.0.0.6', '203.0.113.5']) await ask(from, FORWARDED);
  await ask('10.0.0.7', {});
  expect(told).toEqual(['10.0.0.6']);
});

test('a client certificate in a header needs a trusted proxy and the right header', async () => {
  const { certificate } = testCertificate('một cửa');
  const { fingerprint256, raw } = new X509Certificate(certificate);
  const clients = createClients(['10.0.0.0/8'], undefined, 'Client-Cert');
  const app = new Hono().get('/', (c) => c.text(clients.certificateOf(c) ?? `${clients.certificateOf(c)}`));
  const ask = async (remoteAddress: string, headers: Record<string, string>) =>
    (await app.request('/', { headers }, { incoming: { socket: { remoteAddress }, headers } })).text();
  const escaped = encodeURIComponent(certificate);
  expect(await ask('10.1.2.3', { 'client-cert': `:${raw.toString('base64')}:` })).toBe(fingerprint256);
  expect(await ask('10.1.2.3', { 'client-cert': escaped })).toBe(fingerprint256);
  expect(await ask('203.0.113.5', { 'client-cert': escaped })).toBe('undefined');
  expect(await ask('10.1.2.3', { 'x-client-cert': escaped })).toBe('undefined');
  expect(await ask('10.1.2.3', { 'client-cert': '' })).toBe('undefined');
  for (const wrong of [':AAAA:', `:${raw.toString('base64')}`, 'zz', '%E0%A4%A', fingerprint256])
    expect(await ask('10.1.2.3', { 'client-cert': wrong })).toBe('null');
  const off = createClients(['10.0.0.0/8']);
  const other = new Hono().get('/', (c) => c.text(off.certificateOf(c) ?? 'none'));
  const headers = { 'client-cert': escaped };
  expect(
    await (
      await other.request('/', { headers }, { incoming: { socket: { remoteAddress: '10.1.2.3' }, headers } })
    ).text(),
  ).toBe('none');
});

test.each([
  ['2001:db8:1:200::1', '2001:db8:1:2ff:ffff::9', true],
  ['2001:db8:1:200::1', '2001:db8:1:300::1', false],
  ['2001:db8:1:200::1', '[2001:DB8:1:200:0:0:0:1]:443', true],
  ['fe80::1%eth0', 'fe80::1%eth1', true],
  ['192.0.2.7', '::ffff:192.0.2.7', true],
  ['192.0.2.7', '192.0.2.7:5678', true],
  ['192.0.2.7', '[::FFFF:C000:0207]:1', true],
  ['192.0.2.7', '192.0.2.8', false],
])('%s and %s are counted as one: %s', (one, other, areOne) =>
  expect(networkOf(one) === networkOf(other)).toBe(areOne),
);

test.each([
  ['1.2.3.4:5678', '1.2.3.4'],
  ['"[2001:db8::1]:443"', '2001:db8::1'],
  ['2001:DB8:0::1', '2001:db8::1'],
  ['fe80::1%25eth0', 'fe80::1'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  // A proxy that names no address counts as the client, whatever its text.
  ['unknown', '10.1.2.3'],
  ['1.2.3.4:5678:9', '10.1.2.3'],
  ['0x01020304', '10.1.2.3'],
])('a client that a proxy writes as %s is %s', async (written, address) => {
  const proxies = ['10.0.0.0/8'];
  expect((await seen('10.1.2.3', { 'x-forwarded-for': written }, { proxies }))[0]).toBe(address);
  // Another trusted proxy before it, written with its port.
  const chain = { 'x-forwarded-for': `${written}, 10.9.9.9:1234` };
  expect((await seen('10.1.2.3', chain, { proxies }))[0]).toBe(address === '10.1.2.3' ? '10.9.9.9' : address);
});

test('anything but an address or network is refused', () => {
  for (const wrong of ['proxy.example', '10.0.0.0/99', '300.1.1.1'])
    expect(() => createClients([wrong])).toThrow(TypeError);
});
