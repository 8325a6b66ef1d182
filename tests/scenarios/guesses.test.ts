import { Readable } from 'node:stream';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defineAdapter } from '../../src/kit/adapter.ts';
import { WRONG_SECRETS } from '../../src/ledger/request-limits.ts';
import { SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { envelope, PASSWORD, WSSE } from '../support/soap.ts';

/** A request with a secret, at each door that takes one. */
const DOORS: readonly (readonly [string, (secret: string) => Asked])[] = [
  ['by Bearer', (secret) => ({ path: '/api/v1/services', headers: { Authorization: `Bearer ${secret}` } })],
  [
    'by Bearer at a push',
    (secret) => ({
      path: '/api/v1/parties/one-stop/dossiers',
      headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
      body: '[]',
    }),
  ],
  [
    'at /mapi/login',
    (secret) => ({
      path: '/mapi/login',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'one-stop', password: secret }),
    }),
  ],
  [
    'by Basic',
    (secret) => ({
      path: '/soap/v1/one-stop',
      headers: { 'Content-Type': 'text/xml', Authorization: `Basic ${btoa(`one-stop:${secret}`)}` },
      body: envelope('<h:Ping/>'),
    }),
  ],
  [
    'by WS-Security',
    (secret) => ({
      path: '/soap/v1/one-stop',
      headers: { 'Content-Type': 'text/xml' },
      body: envelope('<h:Ping/>', {
        header: `<w:Security xmlns:w="${WSSE}"><w:UsernameToken><w:Username>one-stop</w:Username><w:Password Type="${PASSWORD}Text">${secret}</w:Password></w:UsernameToken></w:Security>`,
      }),
    }),
  ],
  [
    'with a question to a register',
    (secret) => ({
      path: '/api/v1/parties/ministry/ask/person',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
      body: '{}',
    }),
  ],
  [
    'at a callback',
    (secret) => ({
      path: '/callbacks/ministry/news',
      headers: { 'Content-Type': 'application/json', 'X-Secret': secret },
      body: '{}',
    }),
  ],
];

interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

describe('a client that guesses secrets', () => {
  let hub: TestHub;
  beforeAll(async () => {
    const adapter = defineAdapter({
      settings: Type.Object({}),
      callbacks: {
        news: {
          check: ({ headers }) => (headers.get('x-secret') === SECRETS['one-stop'] ? undefined : 'a wrong secret'),
          read: () => [],
          reply: ({ status }) => ({ status, body: {} }),
        },
      },
    });
    hub = await testHub({
      partners: { ministry: { ...testPartner(), adapter } },
      keys: [{ id: 'late', secret: 'late-secret-of-the-tests', scopes: ['catalogue:read'] }],
    });
  });
  afterAll(() => hub.close());

  async function ask({ path, headers, body }: Asked, remoteAddress: string, at: TestHub = hub) {
    const incoming = Object.assign(Readable.from(body === undefined ? [] : [Buffer.from(body)]), {
      socket: { remoteAddress, encrypted: true },
      headers,
    });
    const init = body === undefined ? { headers } : { method: 'POST', headers };
    const response = await at.hub.app.request(path, init, { incoming });
    const text = await response.text();
    return { text, isHeard: !/too many wrong secrets/.test(text) && response.status !== 429, response };
  }

  test.each(DOORS.map(([name, asked], at) => [name, asked, `203.0.113.${at + 1}`] as const))(
    '%s is limited in 15 minutes, then refused even with the right one',
    async (_, asked, address) => {
      const tries = await Promise.all(
        Array.from({ length: WRONG_SECRETS + 10 }, (_, n) => ask(asked(`guess-${n}`), address)),
      );
      expect(tries.filter(({ isHeard }) => isHeard)).toHaveLength(WRONG_SECRETS);
      const refused = tries.find(({ isHeard }) => !isHeard);
      expect(Number(refused?.response.headers.get('retry-after'))).toBeGreaterThan(800);
      expect((await ask(asked(SECRETS['one-stop']), address)).isHeard).toBe(false);
      expect((await ask(asked(SECRETS['one-stop']), '192.0.2.9')).isHeard).toBe(true);
    },
  );

  test.each([
    ['1.1', 'text/xml', /<faultcode>soap:Server</],
    ['1.2', 'application/soap+xml', /<soap:Value>soap:Receiver</],
  ] as const)('gets by SOAP %s a fault that asks to retry later', async (version, type, code) => {
    const address = `203.0.113.${version === '1.1' ? 101 : 102}`;
    const headers = { 'Content-Type': type, Authorization: `Basic ${btoa('one-stop:wrong')}` };
    const asked: Asked = { path: '/soap/v1/one-stop', headers, body: envelope('<h:Ping/>', { version }) };
    const tries = await Promise.all(Array.from({ length: WRONG_SECRETS + 1 }, () => ask(asked, address)));
    const refused = tries.find(({ isHeard }) => !isHeard);
    expect(refused?.response.status).toBe(500);
    expect(refused?.response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(refused?.text).toMatch(code);
  });

  test.each([
    ['/api/v1/services', undefined, ['Basic cHJveHk6b2YgYW4gb2ZmaWNl', 'Negotiate YII', 'Bearer', 'Bearer two words']],
    ['/soap/v1/one-stop', envelope('<h:Ping/>'), ['Bearer of-the-portal', 'Negotiate YII', 'Basic', 'Basic bm9ib2R5']],
  ] as const)('is not counted without a possible secret at %s', async (path, body, credentials) => {
    const asked = Array.from({ length: WRONG_SECRETS + 10 }, (_, n): Asked => {
      const headers = { 'Content-Type': 'text/xml', Authorization: credentials[n % credentials.length] ?? '' };
      return { path, headers, ...(body && { body }) };
    });
    const replies = await Promise.all(asked.map((one) => ask(one, '203.0.113.103')));
    expect(new Set(replies.map(({ response }) => response.status))).toEqual(new Set([401]));
    const late: Asked = { path: '/api/v1/services', headers: { Authorization: 'Bearer late-secret-of-the-tests' } };
    expect((await ask(late, '203.0.113.103')).response.status).toBe(200);
  });

  test('is refused at all doors after its guesses at one', async () => {
    const address = '203.0.113.100';
    const many = Array.from(
      { length: WRONG_SECRETS + 10 },
      (_, n) => DOORS[n % DOORS.length]?.[1](`guess-${n}`) as Asked,
    );
    const tries = await Promise.all(many.map((asked) => ask(asked, address)));
    expect(tries.filter(({ isHeard }) => isHeard)).toHaveLength(WRONG_SECRETS);
  });

  test('locks out no client known from its address, in any process, and none elsewhere', async () => {
    const address = '203.0.113.200';
    const right: Asked = { path: '/api/v1/services', headers: { Authorization: `Bearer ${SECRETS.portal}` } };
    const late: Asked = { path: '/api/v1/services', headers: { Authorization: 'Bearer late-secret-of-the-tests' } };
    const wrong: Asked = { path: '/api/v1/services', headers: { Authorization: 'Bearer wrong' } };
    // However many arrive at once for the first time, none of them is a guess.
    const first = await Promise.all(Array.from({ length: 50 }, () => ask(right, address)));
    expect(new Set(first.map(({ response }) => response.status))).toEqual(new Set([200]));
    await Promise.all(Array.from({ length: WRONG_SECRETS + 10 }, () => ask(wrong, address)));
    const statuses = async (at: TestHub, from = address) =>
      Promise.all([right, late, wrong].map(async (one) => (await ask(one, from, at)).response.status));
    expect(await statuses(hub)).toEqual([200, 429, 429]);
    const another = await testHub({
      databaseUrl: hub.databaseUrl,
      keys: [{ id: 'late', secret: 'late-secret-of-the-tests', scopes: ['catalogue:read'] }],
    });
    // The counts reach the other process when their writes have come through.
    // The wrong key alone asks meanwhile: a right one would become known from this address.
    await expect.poll(async () => (await ask(wrong, address, another)).response.status).toBe(429);
    expect(await statuses(another)).toEqual([200, 429, 429]);
    await another.close();
    expect(await statuses(hub, '203.0.113.201')).toEqual([200, 200, 401]);
  });

  test('locks out no key with an unguessable secret, at any door', async () => {
    const address = '203.0.113.220';
    const strong = 'Zk3vQ9xT1mW7bR5yN8cJ4hL2pF6sD0gA';
    const own = await testHub({
      keys: [{ id: 'strong', secret: strong, scopes: ['catalogue:read', 'dossier:write'] }],
    });
    const wrong: Asked = { path: '/api/v1/services', headers: { Authorization: 'Bearer wrong' } };
    const tries = await Promise.all(Array.from({ length: WRONG_SECRETS + 10 }, () => ask(wrong, address, own)));
    expect(tries.filter(({ isHeard }) => isHeard)).toHaveLength(WRONG_SECRETS);
    const right: Asked = { path: '/api/v1/services', headers: { Authorization: `Bearer ${strong}` } };
    expect((await ask(right, address, own)).response.status).toBe(200);
    const login = { username: 'strong', password: strong };
    const { text } = await ask({ path: '/mapi/login', headers: {}, body: JSON.stringify(login) }, address, own);
    expect(JSON.parse(text)).toMatchObject({ error_code: 0 });
    expect((await ask(wrong, address, own)).response.status).toBe(429);
    await own.close();
  });

  test('is limited without the database too, and the right key is accepted', async () => {
    const { pool } = hub.hub.database;
    const { query } = pool;
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    pool.query = (() => Promise.reject(away)) as never;
    const at = (secret: string): Asked => ({ path: '/api/v1/ops/key', headers: { Authorization: `Bearer ${secret}` } });
    // The portal's key is right and lacks ops:read: 403, without the database.
    const right = await ask(at(SECRETS.portal), '203.0.113.210');
    const tries = await Promise.all(
      Array.from({ length: WRONG_SECRETS + 10 }, (_, n) => ask(at(`guess-${n}`), '203.0.113.210')),
    );
    const later = await ask(at(SECRETS.portal), '203.0.113.210');
    const other = await ask(at('late-secret-of-the-tests'), '203.0.113.210');
    pool.query = query;
    expect(tries.filter(({ response }) => response.status === 401)).toHaveLength(WRONG_SECRETS);
    expect([right, later, other].map(({ response }) => response.status)).toEqual([403, 403, 429]);
  });

  test('leaves no addresses or keys in the database', async () => {
    const { rows } = await hub.hub.database.pool.query('SELECT key FROM look_up_tries');
    expect(rows.length).toBeGreaterThan(5);
    expect(JSON.stringify(rows)).not.toMatch(/203\.0|one-stop|portal/);
  });
});
