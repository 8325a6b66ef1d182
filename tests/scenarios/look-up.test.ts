import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { WRONG_PROOFS } from '../../src/ledger/request-limits.ts';
import { cameFrom } from '../support/citizen.ts';
import { inDepth, test } from '../support/depth.ts';
import { dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';

const CODE = 'H60.01-250812-0035';
const NONE = { status: 404, detail: 'there is no dossier with this code and this proof' };

describe('a citizen looks up a dossier', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
    await hub.push([
      dossier({
        agencyName: 'Sở Tư pháp',
        processingUnit: 'Phòng Hộ tịch',
        note: 'gọi 0900000001',
        applicant: { name: 'Nguyễn Văn An', identityNumber: '001000000042', phone: '090 000 00.01' },
        aliases: [{ party: 'one-stop', code: 'BN-77' }],
      }),
      dossier({ code: 'H60.01-250812-0036', applicant: { name: 'Trần Thị Bình' } }),
      ...Array.from({ length: 4 }, (_, at) => dossier({ code: `H60.01-250812-010${at}` })),
    ]);
  });
  afterAll(() => hub.close());

  let people = 0;
  /** From a separate address by default. */
  async function lookUp(code: string, query: string, address = `198.51.100.${people++}`) {
    const began = performance.now();
    const response = await hub.hub.app.request(`/api/public/dossiers/${code}${query}`, {}, cameFrom(address));
    const { headers, status } = response;
    return { status, headers, body: (await response.json()) as Json, ms: performance.now() - began };
  }

  test.each([
    ['the end of the phone number', CODE, '0001'],
    ['the end of the identity number', CODE, '0042'],
    ['another code of the dossier', 'bn-77', '0001'],
    ['its code as copied from a document', encodeURIComponent('H60.01–250812–OO 35'), '0001'],
  ])('by %s, and gets its status and no personal data', async (_, code, proof) => {
    const { status, body, headers } = await lookUp(code, `?proof=${proof}`);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      code: CODE,
      serviceCode: '1.013225',
      serviceName: 'Thủ tục thử nghiệm',
      agencyCode: 'H60.01',
      agencyName: 'Sở Tư pháp',
      processingUnit: 'Phòng Hộ tịch',
      status: 'received',
      statusAt: '2025-08-12T08:15:00+07:00',
      receivedAt: '2025-08-12T08:15:00+07:00',
      dueAt: '2025-08-19T17:00:00+07:00',
      applicant: { name: expect.stringMatching(/^N[^ễ]*$/) },
      steps: [{ status: 'received', at: '2025-08-12T08:15:00+07:00', unit: 'Phòng Hộ tịch' }],
    });
  });

  test('where the dossier names no service and agency, the catalogue does', async () => {
    const records = { services: seedOf('services'), agencies: seedOf('agencies') };
    const known = await testHub({ partners: { source: catalogueSource(records) } });
    try {
      await pullCatalogue(known);
      const codes = { serviceCode: '1.001193', agencyCode: 'H60.102' };
      await known.push([
        dossier({ ...codes, serviceName: undefined }),
        dossier({ ...codes, code: 'H60.01-250812-0036', serviceName: 'Khai sinh', agencyName: 'UBND phường' }),
        dossier({ code: 'H60.01-250812-0037', serviceCode: '9.999999', serviceName: undefined, agencyCode: 'H61' }),
      ]);
      const namesOf = async (end: string): Promise<readonly unknown[]> => {
        const path = `/api/public/dossiers/H60.01-250812-00${end}?proof=0001`;
        const { serviceName, agencyName } = (await (await known.hub.app.request(path)).json()) as Json;
        return [serviceName, agencyName];
      };
      expect(await namesOf('35')).toEqual(['Thủ tục đăng ký khai sinh', 'Ủy ban nhân dân phường Minh Xuân']);
      expect(await namesOf('36')).toEqual(['Khai sinh', 'UBND phường']);
      expect(await namesOf('37')).toEqual([undefined, undefined]);
    } finally {
      await known.close();
    }
  });

  describe('and its steps', () => {
    const from = Date.parse('2025-08-12T01:15:00Z');
    /** A moment, in minutes after the reception. */
    const at = (minutes: number): string => new Date(from + minutes * 60_000).toISOString();
    const TURNS = ['processing', 'supplement-required'] as const;
    let own: TestHub;
    beforeEach(async () => {
      own = await testHub();
    });
    afterEach(() => own.close());
    const push = (party: string, steps: readonly Json[]) => own.push(steps, { party, what: 'progress' });
    const steps = async (): Promise<readonly Json[]> =>
      ((await (await own.hub.app.request(`/api/public/dossiers/${CODE}?proof=0001`)).json()) as Json).steps ?? [];
    const statuses = async () => (await steps()).map(({ status }) => status);

    test('are not hidden by claims of others and by steps that move nothing', async () => {
      await own.push(dossier());
      await push(
        'other',
        Array.from({ length: 110 }, (_, n) => progress({ status: TURNS[n % 2], at: at(n - 200) })),
      );
      await push(
        'one-stop',
        Array.from({ length: 110 }, (_, n) => progress({ at: at(n + 1), content: `${n}` })),
      );
      await push('one-stop', [progress({ status: 'resolved', at: at(200) })]);
      expect(await statuses()).toEqual(['received', 'processing', 'resolved']);
    });

    test('are those of the owner, and not of a party that was first', async () => {
      await own.push(dossier({ statusAt: at(-300) }), { party: 'other' });
      await push(
        'other',
        Array.from({ length: 110 }, (_, n) => progress({ status: TURNS[n % 2], at: at(n - 200) })),
      );
      expect(await statuses()).toHaveLength(100);
      await own.push(dossier({ status: 'resolved' }));
      expect(await statuses()).toEqual(['resolved']);
    });

    test('are all shown of large records, the later ones without a unit', async () => {
      const documents = Array.from({ length: 1_000 }, (_, n) => ({ id: `${n}`, name: 'Bản sao '.repeat(90) }));
      for (let n = 0; n < 8; n++)
        await own.push(
          dossier({ status: TURNS[n % 2], statusAt: at(n), documents, note: `${n}`, processingUnit: 'Phòng Hộ tịch' }),
        );
      const shown = await steps();
      expect(shown.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, (_, n) => TURNS[n % 2]));
      const withUnit = shown.filter(({ unit }) => unit === 'Phòng Hộ tịch').length;
      expect([withUnit > 0, withUnit < 8, 'unit' in (shown[0] ?? {})]).toEqual([true, true, true]);
    }, 60_000);
  });

  test('an unknown code, a wrong proof and an unprovable dossier get one answer in equal time', async () => {
    for (const [code, proof] of [
      ['H60.01-250812-9999', '0001'],
      [CODE, '0002'],
      ['H60.01-250812-0036', '0001'],
    ] as const) {
      const { status, body, ms } = await lookUp(code, `?proof=${proof}`);
      expect(body).toMatchObject(NONE);
      expect([status, Object.keys(body).sort()]).toEqual([404, ['args', 'code', 'detail', 'status', 'title', 'type']]);
      expect(ms).toBeGreaterThan(290);
    }
  });

  test.each(['', '?proof=', '?proof=1', '?proof=001000000042', '?proof=12a4', '?proof=0001&name=An'])(
    'with %s gets the expected form, and no echo of the input',
    async (query) => {
      const { status, body } = await lookUp(CODE, query);
      expect([status, body.problems[0].message]).toEqual([400, expect.stringMatching(/expected|no parameter/)]);
      expect(JSON.stringify(body)).not.toContain('0010');
    },
  );

  test('ten wrong proofs of a code an hour lock out only their client', async () => {
    for (const code of ['H60.01-250812-0100', 'H60.01-250812-8888']) {
      const tries = await Promise.all(
        Array.from({ length: 30 }, () => lookUp(code, '?proof=9999', `192.0.2.10${code.at(-1)}`)),
      );
      expect(tries.filter(({ status }) => status === 404)).toHaveLength(WRONG_PROOFS.client);
      const refused = await lookUp(code, '?proof=0001', `192.0.2.10${code.at(-1)}`);
      expect([refused.status, refused.body.type]).toEqual([429, '/docs#problem-too-often']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
    }
    // The citizen, at home.
    expect((await lookUp('H60.01-250812-0100', '?proof=0001')).status).toBe(200);
    expect((await lookUp('H60.01-250812-0101', '?proof=0001', '192.0.2.100')).status).toBe(200);
  });

  inDepth(
    'wrong proofs from any number of addresses stop at a total, which exempts a client that proved before',
    async () => {
      const own = await testHub();
      await own.push(dossier());
      const ask = async (address: string, proof: string) => {
        const path = `/api/public/dossiers/${CODE}?proof=${proof}`;
        return (await own.hub.app.request(path, {}, cameFrom(address))).status;
      };
      expect(await ask('198.51.100.1', '0001')).toBe(200);
      const statuses = await Promise.all(Array.from({ length: 130 }, (_, n) => ask(`203.0.113.${n}`, '9999')));
      expect(statuses.filter((status) => status === 404)).toHaveLength(WRONG_PROOFS.hour);
      expect([await ask('203.0.113.200', '0001'), await ask('198.51.100.1', '0001')]).toEqual([429, 200]);
      // The next hours of the same day.
      for (let hour = 0; hour < 3; hour++) {
        await own.hub.database.pool.query("UPDATE look_up_tries SET expire = 0 WHERE key LIKE 'code:%'");
        statuses.push(...(await Promise.all(Array.from({ length: 130 }, (_, n) => ask(`10.${hour}.0.${n}`, '9999')))));
      }
      expect(statuses.filter((status) => status === 404)).toHaveLength(WRONG_PROOFS.day);
      expect(await ask('198.51.100.1', '0001')).toBe(200);
      await own.close();
    },
  );

  test.each([
    ['with no proxy', undefined, () => ({ address: '198.51.103.1' })],
    [
      'behind a proxy that writes ports',
      ['loopback'],
      (n: number) => ({ address: '127.0.0.1', forwarded: `198.51.104.1:${1_000 + n}` }),
    ],
    [
      'behind a proxy, from an IPv6 household',
      ['loopback'],
      (n: number) => ({ address: '127.0.0.1', forwarded: `[2001:DB8:1:2${n % 10}0::${n}]:443` }),
    ],
  ])('another spelling of a dossier’s code gives a client no new attempts, %s', async (_, proxies, from) => {
    const own = await testHub(proxies ? { proxies } : {});
    await own.push(dossier({ aliases: [{ party: 'one-stop', code: 'BN-77' }] }));
    const written = [CODE, CODE.toLowerCase(), `%20${CODE}%E2%80%8B`, `%EF%BB%BF${CODE}%09`, 'bn-77', 'BN-77%C2%A0'];
    const ask = async (code: string, n: number, proof = '9999') => {
      const { address, forwarded } = { forwarded: undefined, ...from(n) };
      const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
      const url = `/api/public/dossiers/${code}?proof=${proof}`;
      return (await own.hub.app.request(url, { headers }, cameFrom(address, headers))).status;
    };
    const statuses = await Promise.all(
      Array.from({ length: 36 }, (_, n) => ask(written[n % written.length] as string, n)),
    );
    expect(statuses.filter((status) => status === 404)).toHaveLength(WRONG_PROOFS.client);
    for (const code of written) expect(await ask(code, 50, '0001')).toBe(429);
    await own.close();
  });

  test('an address or its IPv6 network may send sixty wrong proofs an hour', async () => {
    const statuses: number[] = [];
    for (let minute = 0; minute < 2; minute++) {
      const replies = await Promise.all(
        Array.from({ length: 45 }, (_, n) =>
          lookUp(`H60.01-250812-${6_000 + 45 * minute + n}`, '?proof=0001', `2001:db8:1:2${n % 10}${minute}::${n}`),
        ),
      );
      statuses.push(...replies.map(({ status }) => status));
      // As if the minute were over; the hour is not.
      await hub.hub.database.pool.query("UPDATE look_up_tries SET expire = 0 WHERE key LIKE 'lookup:%'");
    }
    expect([404, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([60, 30]);
    const known = ['H60.01-250812-0101', '?proof=0001'] as const;
    expect((await lookUp(...known, '2001:db8:1:2ff:3::1')).body.detail).toMatch(
      /^too many wrong proofs came from this address/,
    );
    expect((await lookUp(...known, '2001:db8:1:300::1')).status).toBe(200);
  });

  test('a client with the right proof may ask as often as an address may', async () => {
    for (let n = 0; n < 60; n++)
      expect((await lookUp('H60.01-250812-0102', '?proof=0001', '192.0.2.1')).status).toBe(200);
    expect((await lookUp('H60.01-250812-0103', '?proof=0001', '192.0.2.1')).status).toBe(429);
    expect((await lookUp('H60.01-250812-0103', '?proof=0001', '192.0.2.2')).status).toBe(200);
    const { rows } = await hub.hub.database.pool.query('SELECT key FROM look_up_tries');
    expect(JSON.stringify(rows)).not.toMatch(/192\.0\.2|H60\.01/);
  });
});
