import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import Type from 'typebox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineAdapter } from '../../src/kit/adapter.ts';
import { deleteAnonymousRefusals } from '../../src/ledger/messages.ts';
import { SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { dossierXml, envelope } from '../support/soap.ts';

const KIB = 1024;
const NOTHING = 'secret-of-a-key-without-scopes';
const adapter = defineAdapter({
  settings: Type.Object({}),
  callbacks: {
    news: {
      check: ({ headers }) => (headers.get('x-secret') === 'right' ? undefined : 'a wrong secret'),
      read: () => Array.from({ length: 2_000 }, () => ({ kind: 'invalid', problems: [] }) as const),
      reply: ({ status }) => ({ status, body: {} }),
    },
  },
});
const BASIC = { 'Content-Type': 'text/xml', Authorization: `Basic ${btoa(`one-stop:${SECRETS['one-stop']}`)}` };

describe('a flood of refused requests', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub({
      partners: { ministry: { ...testPartner(), adapter } },
      keys: [{ id: 'nothing', secret: NOTHING, scopes: [], party: 'one-stop' }],
    });
  });
  afterEach(() => hub.close());

  async function kept(): Promise<{ strangers: number; known: number; bytes: number; told: number }> {
    const { rows } = await hub.hub.database.pool.query(
      `SELECT count(*) FILTER (WHERE key_name IS NULL)::int AS strangers, count(key_name)::int AS known,
         coalesce(sum(length(body)), 0)::int AS bytes, coalesce(max(body_bytes), 0)::int AS told
       FROM messages WHERE outcome = 'refused'`,
    );
    return rows[0];
  }

  /** A client at an address. */
  async function from(
    remoteAddress: string,
    path: string,
    body: string | Buffer,
    headers: Record<string, string> = {},
  ) {
    const told = { 'content-length': String(Buffer.byteLength(body)), ...headers };
    const incoming = Object.assign(Readable.from([Buffer.from(body)]), { socket: { remoteAddress }, headers: told });
    return hub.hub.app.request(path, { method: 'POST', headers: told }, { incoming });
  }

  test('of one address, or of all strangers, is stored within an hourly budget of rows and bytes', async () => {
    // Random, because the hub compresses what it stores.
    const body = JSON.stringify({ session: 'made-up', service: randomBytes(45_000).toString('base64') });
    const flood = async (address: string) => {
      for (let n = 0; n < 13; n++) await Promise.all(Array.from({ length: 10 }, () => from(address, '/mapi/g', body)));
    };
    await flood('203.0.113.1');
    const one = await kept();
    expect([one.strangers, one.told > 60_000]).toEqual([100, true]);
    expect(one.bytes).toBeGreaterThan(150 * KIB);
    expect(one.bytes).toBeLessThan(300 * KIB);
    for (let n = 2; n < 9; n++) await flood(`203.0.113.${n}`);
    const all = await kept();
    expect(all.strangers).toBe(500);
    expect(all.bytes).toBeLessThan(1_200 * KIB);
    const metrics = await (await hub.request('GET', '/metrics')).text();
    expect(metrics).toMatch(/hub_refusals_total\{door="national-portal",kept="none"\} 540/);
    // The next hour has a budget of its own.
    hub.clock.nowMs += 3_600_000;
    await from('203.0.113.1', '/mapi/g', body);
    expect((await kept()).strangers).toBe(501);
  });

  test('of strangers is removed after two weeks, and that of keys is not', async () => {
    await from('203.0.113.1', '/mapi/g', '{}');
    await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', 'no JSON');
    await deleteAnonymousRefusals(hub.hub.database, hub.clock.nowMs - 1);
    expect(await kept()).toMatchObject({ strangers: 1, known: 1 });
    await deleteAnonymousRefusals(hub.hub.database, hub.clock.nowMs + 1);
    expect(await kept()).toMatchObject({ strangers: 0, known: 1 });
  });

  test('of a key takes no more room than the sent bytes, whatever they inflate to', async () => {
    const items = Array.from({ length: 1_001 }, () => ({ x: 'Xin cấp giấy. '.repeat(100) }));
    const login = async (id: string, password: string) =>
      ((await (await hub.request('POST', '/mapi/login', undefined, { username: id, password })).json()) as Json)
        .session;
    for (const [id, secret, most] of [
      ['portal', SECRETS.portal, 4 * KIB],
      ['one-stop', SECRETS['one-stop'], 64 * KIB],
    ] as const) {
      const before = await kept();
      const packed = gzipSync(
        JSON.stringify({
          session: await login(id, secret),
          service: 'DongBoHoSoMC',
          data: items.slice(id === 'portal' ? 1 : 0),
        }),
      );
      for (let n = 0; n < 5; n++) await from('203.0.113.1', '/mapi/g', packed, { 'content-encoding': 'gzip' });
      const after = await kept();
      expect(after.known - before.known).toBe(5);
      expect((after.bytes - before.bytes) / 5).toBeLessThan(Math.min(most, packed.length) + KIB);
      expect(after.told).toBeGreaterThan(1_000 * KIB);
    }
  });

  test('of a key without scopes leaves an excerpt of its body', async () => {
    const body = envelope(`<h:PushDossiers>${dossierXml('H60.01-250812-0035').repeat(500)}</h:PushDossiers>`);
    const headers = { 'Content-Type': 'text/xml', Authorization: `Basic ${btoa(`nothing:${NOTHING}`)}` };
    await hub.request('POST', '/soap/v1/one-stop', undefined, body, headers);
    const { known, told, bytes } = await kept();
    expect([known, told]).toEqual([1, Buffer.byteLength(body)]);
    expect(bytes).toBeLessThan(5 * KIB);
  });

  test('takes no room from a known partner’s errors in the same hour', async () => {
    for (let n = 0; n < 110; n++) await from('203.0.113.1', '/mapi/g', '{}');
    const { status } = await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', 'no JSON');
    expect([status, (await kept()).known]).toEqual([400, 1]);
  });

  test.each([
    ['by Basic, and its envelope is none', 500, '/soap/v1/one-stop', undefined, BASIC],
    ['by a key that may not push', 403, '/api/v1/parties/one-stop/dossiers', 'portal', {}],
    [
      'as its callback asks for, and sends too many items',
      413,
      '/callbacks/ministry/news',
      undefined,
      { 'X-Secret': 'right' },
    ],
  ] as const)('nor from a sender known %s', async (_, expected, path, key, headers) => {
    for (let n = 0; n < 110; n++) await hub.request('POST', '/mapi/g', undefined, '{}');
    const count = async () => {
      const { strangers, known } = await kept();
      return strangers + known;
    };
    const before = await count();
    const { status } = await hub.request('POST', path, key, 'nothing that is understood', headers);
    expect([status, await count()]).toEqual([expected, before + 1]);
  });

  test('with unstorable text, at any door, is no internal error', async () => {
    const odd = [
      '%00',
      '%ED%A0%80',
      '%FF',
      '%E0%A4%A',
      '%0A%0D',
      '%EF%BF%BE',
      'x'.repeat(5_000),
      '..%2F',
      '%F0%9F%98%80',
    ];
    const bodies = [
      '',
      '\u0000',
      '{"session":"\\u0000","service":"\\ud800"}',
      '{"username":"\\u0000","password":"\\u0000"}',
    ];
    const types = [
      'application/json',
      'text/xml',
      'application/soap+xml; charset="\u00ff"',
      'multipart/related; boundary=""',
    ];
    const paths = odd.flatMap((text) => [
      `/soap/v1/${text}`,
      `/callbacks/${text}/${text}`,
      `/callbacks/ministry/${text}`,
      `/mapi/${text}`,
      `/api/v1/parties/${text}/dossiers`,
      `/api/v1/parties/one-stop/receipts/${text}`,
      `/api/public/dossiers/${text}?proof=0001`,
      `/api/v1/dossiers/${text}`,
      `/schemas/${text}.json`,
      `/${text}`,
      `/services/${text}`,
      `/?code=${text}`,
    ]);
    let asked = 0;
    for (const path of [...paths, '/mapi/g', '/mapi/login', '/console/sign-in', '/']) {
      const type = types[asked % types.length] as string;
      for (const body of [undefined, bodies[asked % bodies.length]]) {
        const method = body === undefined ? 'GET' : 'POST';
        const response = await hub.request(method, path, asked % 3 === 0 ? 'one-stop' : undefined, body, {
          'Content-Type': type,
          'X-Forwarded-For': `203.0.113.${asked % 250}`,
        });
        await response.text();
        // SOAP 1.1 answers a fault of its caller with 500.
        if (!path.startsWith('/soap')) expect([path, body, response.status < 500]).toEqual([path, body, true]);
        asked++;
      }
    }
    expect(asked).toBeGreaterThan(200);
    expect(hub.logLines.filter(({ level }) => (level as number) >= 50)).toEqual([]);
  });
});
