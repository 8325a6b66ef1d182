import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorRequest } from '../../kit/testing/simulator/definition.ts';
import { pushingCases } from './cases.ts';
import { createDoor, type SeenPush } from './door.ts';
import { contentHashOf, pushOf } from './pushes.ts';

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

describe('the door knows a repeat by its content, although what proves the sender is new', () => {
  const soap = (nonce: string, code: string): Sent => ({
    path: '/soap/v1/one-stop',
    body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><Nonce>${nonce}</Nonce></s:Header>
      <s:Body xmlns:u="urn:u" u:Id="${nonce}"><PushDossiers><dossier><code>${code}</code></dossier></PushDossiers></s:Body></s:Envelope>`,
  });
  const dialect = (session: string, code: string): Sent => ({
    path: '/mapi/g',
    body: JSON.stringify({ session, service: 'DongBoHoSoMC', data: [{ MaHoSo: code }] }),
  });
  const compressed = (time: string, code: string): Sent => {
    const body = gzipSync(JSON.stringify({ code }));
    // The time of compression, as gzip of other platforms writes it.
    body.write(time, 4, 'latin1');
    return { path: '/api/v1/parties/one-stop/dossiers', body, headers: { 'content-encoding': 'gzip' } };
  };

  test.each<[string, (proof: string, code: string) => Sent]>([
    ['the header of an envelope', soap],
    ['a session of the dialect', dialect],
    ['the time in a compressed body', compressed],
  ])('%s', (_, push) => {
    const [first, repeat, other] = [push('a1', 'H60-1'), push('b2', 'H60-1'), push('a1', 'H60-2')].map(hashOf);
    expect(repeat).toBe(first);
    expect(other).not.toBe(first);
  });
});

test.each([
  ['/api/v1/parties/one-stop/dossiers', '[]', 'one-stop'],
  ['/api/v1/parties/one-stop/ask/population', '{}', undefined],
  ['/api/v1/parties/one-stop/drops', '', undefined],
  ['/api/v1/parties/one-stop/files', '', undefined],
  ['/soap/v1/one-stop', '<e:Envelope><e:Body><h:PushDossiers/></e:Body></e:Envelope>', 'one-stop'],
  ['/soap/v1/one-stop', '<e:Envelope><e:Body><h:Ping/></e:Body></e:Envelope>', undefined],
])('what is posted to %s, %s, is a push of %s', (path, body, party) => {
  const request: Partial<SimulatorRequest> = { path, body: Buffer.from(body), headers: {} };
  expect(pushOf(request as SimulatorRequest, new Map())).toBe(party);
});

describe('the certificate says that a lost answer was asked for again', () => {
  const push = (atMs: number, status: number | undefined): SeenPush => ({
    ...{ atMs, party: 'one-stop', hash: 'same', status, retryAfterS: undefined },
    items: [{ code: 'H60-1', outcome: 'accepted' }],
  });
  const stateOf = (pushes: readonly SeenPush[]) => pushingCases(pushes).find(({ id }) => id === 'retries')?.state;

  test.each<[string, readonly SeenPush[], string]>([
    ['after an answer', [push(1, undefined), push(2, 200)], 'passed'],
    ['not by an answer before it', [push(1, 200), push(2, undefined)], 'open'],
    ['not by an answer of a busy hub', [push(1, undefined), push(2, 503)], 'open'],
  ])('%s', (_, pushes, state) => expect(stateOf(pushes)).toBe(state));
});

interface Sent {
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

function hashOf({ path, body, headers = {} }: Sent): string {
  const request: Partial<SimulatorRequest> = { path, body: Buffer.from(body), headers };
  return contentHashOf(request as SimulatorRequest);
}
