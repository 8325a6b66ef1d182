import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { testCertificate } from '../../../tests/support/certificate.ts';
import type { Exchange } from './exchange.ts';
import { createHttp } from './http.ts';
import { certificatesIn, createTls, type TlsGiven } from './tls.ts';

const SERVER = testCertificate('localhost');
const OURS = testCertificate('lien-thong');
const NEWER = testCertificate('lien-thong-2');

/** A partner that wants to see one of two certificates, and answers with the name on it. */
let server: Server;
let url: string;
let folder: string;
const open: { close(): void }[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-tls-'));
  const ca = [OURS.certificate, NEWER.certificate];
  server = createServer({ key: SERVER.key, cert: SERVER.certificate, ca, requestCert: true }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    // The server closes the connection after its answer, so the next call makes a new one.
    response.writeHead(200, { Connection: 'close' }).end(subject.CN);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  url = `https://localhost:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => {
  for (const http of open.splice(0)) http.close();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

function client(given?: TlsGiven) {
  const http = createHttp({ origins: [new URL(url).origin], ...(given && { tls: createTls(given) }) });
  open.push(http);
  return async () => said(await http.exchange({ url, method: 'GET' }));
}

const said = (exchange: Exchange) =>
  exchange.kind === 'reply' ? exchange.body.toString() : [exchange.kind, exchange.reason];

test('only a party’s own authority is trusted, and the party gets our certificate', async () => {
  const { certificate, key } = OURS;
  expect(await client({ ca: SERVER.certificate, certificate, key })()).toBe('lien-thong');
  expect(await client({ certificate, key })()).toEqual(['unreachable', 'certificate']);
  expect(await client({ ca: NEWER.certificate, certificate, key })()).toEqual(['unreachable', 'certificate']);
});

test('a partner that wants a certificate and gets none has received nothing', async () => {
  expect(await client({ ca: SERVER.certificate })()).toEqual(['unreachable', 'certificate']);
});

test.each<[string, () => Promise<Exchange>, string]>([
  ['wants a certificate, by TLS 1.2', () => asking({ requestCert: true }), 'certificate'],
  ['closes the connection at our authority', () => asking({ requestCert: true }, NEWER), ''],
  ['speaks no TLS at this port', () => asking(undefined), ''],
])('a partner that %s has received nothing', async (_, ask, reason) => {
  expect(await ask()).toMatchObject({ kind: 'unreachable', ...(reason && { reason }) });
});

/** A call to a server of TLS 1.2 that knows OURS alone, or of no TLS. */
async function asking(options: ServerOptions | undefined, ours?: typeof OURS): Promise<Exchange> {
  const server = options
    ? createServer({
        key: SERVER.key,
        cert: SERVER.certificate,
        ca: OURS.certificate,
        maxVersion: 'TLSv1.2',
        ...options,
      })
    : createPlainServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  const { certificate, key } = ours ?? {};
  const tls = createTls({ ca: SERVER.certificate, ...(certificate && key && { certificate, key }) });
  const http = createHttp({ origins: [new URL(url).origin], tls });
  try {
    return await http.exchange({ url, method: 'POST', body: 'x' });
  } finally {
    http.close();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('an authority may be valid until the year 9999', () => {
  const { certificate: ca } = testCertificate('for ever', { to: '9999' });
  expect(createTls({ ca })()).toMatchObject({ ca });
  expect(certificatesIn(ca)).toMatchObject([{ validTo: '2200-12-31T23:59:59.999+07:00' }]);
});

test('a file without a certificate and a key with a passphrase are reported', () => {
  expect(() => createTls({ ca: join(folder, 'nothing.pem') })).toThrow('ENOENT');
  writeFileSync(join(folder, 'empty.pem'), '');
  expect(() => createTls({ ca: join(folder, 'empty.pem') })).toThrow('ca holds no certificate in PEM');
  const key = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----';
  expect(() => createTls({ certificate: OURS.certificate, key })).toThrow('passphrase');
});

test('replaced files are used from the next connection on, if both match', async () => {
  const files = { ca: join(folder, 'ca.pem'), certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  let seconds = 1_700_000_000;
  const write = (file: string, text: string): void => {
    writeFileSync(file, text);
    utimesSync(file, ++seconds, seconds);
  };
  write(files.ca, SERVER.certificate);
  write(files.certificate, OURS.certificate);
  write(files.key, OURS.key);
  const ask = client(files);
  expect(await ask()).toBe('lien-thong');
  write(files.certificate, NEWER.certificate);
  expect(await ask()).toBe('lien-thong');
  write(files.key, NEWER.key);
  expect(await ask()).toBe('lien-thong-2');
  // Half written, or emptied: what was good stays, and nobody else is believed.
  write(files.ca, '');
  expect(await ask()).toBe('lien-thong-2');
  write(files.ca, 'no certificate');
  expect(await ask()).toBe('lien-thong-2');
});
