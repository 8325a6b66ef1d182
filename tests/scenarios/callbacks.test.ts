import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import Type from 'typebox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import civilStatus from '../../adapters/civil-status/adapter.ts';
import { civilStatusSimulator } from '../../adapters/civil-status/simulator.ts';
import restMinistry from '../../adapters/rest-ministry/adapter.ts';
import { landAt } from '../../adapters/rest-ministry/simulator/connect.ts';
import type { Progress } from '../../schemas/dossier.progress.v1.ts';
import { formatLocal, msToInstant } from '../../src/core/dates/dates.ts';
import { defineAdapter } from '../../src/kit/adapter.ts';
import type { Callback } from '../../src/kit/callback.ts';
import { startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { officerAt } from '../support/officer.ts';
import { type Answer, OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const CODE = 'H60.01-250812-0035';
const SECRET = 'callback-secret-of-the-tests';
const PATH = '/callbacks/civil-status/status';
const MAX_BODY = 4_000;
const STEP_MS = 60_000;

/** The portal's push of bundles for a dossier. */
function push(given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    maTTHC: '2.002621',
    soHoSoLT: 'H60.01-250812-0034',
    coQuanXuLy: 'Sở Tư pháp',
    maHoSo: CODE,
    trangThai: 3,
    thoiGianThucHien: '13/08/2025 09:00:00',
    ...given,
  };
}

/** A message of the log. */
interface Noted {
  readonly id: string;
  readonly door: string;
  readonly outcome: string;
}

const signed = (text: string | Buffer, secret = SECRET) => createHmac('sha256', secret).update(text).digest('hex');

describe('callbacks', () => {
  let hub: TestHub;
  let ops: Operator;
  let ministry: Awaited<ReturnType<typeof startSimulator>>;
  let failing: Callback<unknown>;
  let listener: Partner;

  beforeEach(async () => {
    failing = {
      check: ({ headers }) => {
        if (headers.get('x-secret') === null) throw new Error('Nguyễn Văn Quên has no header');
        return undefined;
      },
      read: (body) => {
        const text = Buffer.from(body).toString();
        if (text.startsWith('[')) return JSON.parse(text).map(() => ({ kind: 'invalid', problems: [] }));
        throw new SyntaxError(`no idea of ${text}`);
      },
      reply: ({ kind, status }) => ({ status, body: kind, mediaType: 'text/plain' }),
    };
    listener = testPartner();
    ministry = await startSimulator(civilStatusSimulator({ stepMs: STEP_MS }), { now: () => hub.clock.nowMs });
    const settings = {
      tokenUrl: `${ministry.url}/token`,
      baseUrl: ministry.url,
      maTinh: '08',
      maDonVi: '02269',
      consumerKey: 'a-key',
      consumerSecret: 'a-secret',
      lgspAccessToken: 'a-token',
    };
    const none = { sent: [], script: [] };
    hub = await testHub({
      partners: {
        'civil-status': { ...none, adapter: civilStatus },
        silent: { ...none, adapter: civilStatus },
        land: { ...none, adapter: restMinistry },
        listener,
        odd: { ...none, adapter: defineAdapter({ settings: Type.Object({}), callbacks: { news: failing } }) },
      },
      entries: {
        'civil-status': { settings: { ...settings, callbackSecret: SECRET } },
        silent: { settings },
        land: { settings: landAt('http://127.0.0.1:9'), may: ['status'] },
      },
      routes: [
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['civil-status'] },
        { from: 'civil-status', operation: 'dossier.progress.v1', to: ['listener'] },
      ],
      keys: [...OPERATOR_KEYS],
      maxBodyBytes: MAX_BODY,
    });
    ops = operatorOf(hub);
    await hub.push(dossier({ serviceCode: '1.001193' }));
  });
  afterEach(async () => {
    await hub.close();
    await ministry.close();
  });

  async function post(
    body: unknown,
    { path = PATH, signature, headers = {} }: { path?: string; signature?: string; headers?: object } = {},
  ): Promise<Answer & { readonly headers: Headers }> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const text = isRaw ? (body as string) : JSON.stringify(body);
    const sent = { 'X-Signature': signature ?? signed(text as string), ...headers };
    const response = await hub.request('POST', path, undefined, text, sent);
    const answer = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, body: isJson ? JSON.parse(answer) : answer, headers: response.headers };
  }
  const calledBack = async (): Promise<readonly Noted[]> =>
    (await ops.get('messages?limit=200')).body.items.filter(({ door }: Noted) => door.startsWith('callback'));
  const statuses = async (): Promise<string[]> =>
    (await hub.read(`/api/v1/dossiers/${CODE}/history`)).body.items.map((item: { status: string }) => item.status);
  const status = async () => (await hub.read(`/api/v1/dossiers/${CODE}`)).body.status;

  test("a partner's push moves the index, and gets an answer in its dialect after the commit", async () => {
    const { status: http, body } = await post(push());
    expect([http, body]).toEqual([
      200,
      { status: 1, statusDescription: 'Tiếp nhận thành công', errorCode: null, errorDescription: null },
    ]);
    expect(await status()).toBe('processing');
    const { items } = (await hub.read(`/api/v1/dossiers/${CODE}/history`)).body;
    expect(items.at(-1)).toMatchObject({
      at: '2025-08-13T09:00:00+07:00',
      party: 'civil-status',
      unit: 'Sở Tư pháp',
      content: 'Hồ sơ đủ điều kiện giải quyết',
    });
    expect(await calledBack()).toMatchObject([
      { party: 'civil-status', door: 'callback:status', operation: 'dossier.progress.v1', outcome: 'accepted' },
    ]);
    const { headers } = await hub.request('GET', PATH);
    expect(headers.get('allow')).toContain('POST');
    const metrics = await (await hub.request('GET', '/metrics')).text();
    expect(metrics).toContain('hub_items_total{party="civil-status",door="callback:status",outcome="accepted"} 1');
  });

  test('settings describe callbacks, and a key in the address opens one and stands in no log', async () => {
    const { key } = landAt('').callbacks;
    const notices = [{ HoTenChu: 'Nguyễn Thị Mật', SoThongBaoThue: 'TB-1' }, { SoThongBaoThue: 'TB-2' }];
    const notice = { SoBienNhan: CODE, NgayCoKetQuaThue: '2025-08-14T02:30:00Z', DanhSachThongBaoThue: notices };
    const at = (path: string) => post(notice, { path: `/callbacks/land/${path}` });
    expect(await at(`GuiKetQuaThue/${key}`)).toMatchObject({ status: 200, body: { Result: 1, Message: '' } });
    expect(await status()).toBe('payment-required');
    const { items } = (await hub.read(`/api/v1/dossiers/${CODE}/history`)).body;
    expect(items.at(-1)).toMatchObject({ at: '2025-08-14T09:30:00+07:00', party: 'land', content: 'TB-1; TB-2' });
    const long = `{"SoBienNhan":"${CODE}","NgayCoKetQuaThue":"2025-08-14T03:30:00Z","DanhSachThongBaoThue":[{"SoThongBaoThue":20250814000000001}]}`;
    expect(await post(long, { path: `/callbacks/land/GuiKetQuaThue/${key}` })).toMatchObject({ status: 200 });
    const { items: steps } = (await hub.read(`/api/v1/dossiers/${CODE}/history`)).body;
    expect(steps.at(-1)).toMatchObject({ content: '20250814000000001' });
    for (const path of ['GuiKetQuaThue/another', 'GuiKetQuaThue', `KetThucHoSo/${key}7`])
      expect(await at(path)).toMatchObject({ status: 401, body: { Result: 0 } });
    for (const path of [`KetQua/${key}`, `toString/${key}`]) {
      const unknown = await at(path);
      expect(unknown.status).toBe(404);
      expect(JSON.stringify(unknown.body)).not.toContain(key);
    }
    expect(JSON.stringify([hub.logLines, await calledBack()])).not.toContain(key);
    expect(JSON.stringify(await ops.get('messages?limit=200'))).not.toContain(key);
  });

  test('a repeat does no harm, an older step only enters the history, and both are acknowledged', async () => {
    await post(push({ trangThai: 4, thoiGianThucHien: '14/08/2025 09:00:00' }));
    for (const body of [push({ trangThai: 4, thoiGianThucHien: '14/08/2025 09:00:00' }), push()])
      expect((await post(body)).body.status).toBe(1);
    expect(await status()).toBe('resolved');
    expect(await statuses()).toEqual(['received', 'processing', 'resolved']);
    const outcomes = (await Promise.all((await calledBack()).map(({ id }) => ops.get(`messages/${id}`)))).flatMap(
      (found) => found.body.results.map((result: { outcome: string }) => result.outcome),
    );
    expect(outcomes.sort()).toEqual(['accepted', 'duplicate', 'stale']);
  });

  describe('a step pushed in few words, and pulled in full', () => {
    const SUPPLEMENTED = 'H60.01-250812-0037';
    const bare = {
      status: 'supplement-required',
      actor: 'Sở Tư pháp',
      unit: 'Sở Tư pháp',
      content: 'Hồ sơ cần bổ sung thông tin',
    };
    const full = {
      status: 'supplement-required',
      actor: 'Lê Văn C',
      title: 'Công chức tư pháp - hộ tịch',
      unit: 'Bộ phận tư pháp - hộ tịch',
      content: 'Đề nghị bổ sung giấy chứng sinh',
      dueAt: '2030-12-31T17:00:00+07:00',
    };
    let pushIt: () => Promise<unknown>;
    beforeEach(async () => {
      await hub.push(dossier({ code: SUPPLEMENTED, serviceCode: '1.001193' }));
      await hub.deliver();
      hub.clock.nowMs += 2 * STEP_MS;
      const thoiGianThucHien = formatLocal('dd/MM/yyyy HH:mm:ss', msToInstant(hub.clock.nowMs));
      pushIt = () => post(push({ maHoSo: SUPPLEMENTED, trangThai: 2, thoiGianThucHien }));
    });
    async function ask(): Promise<void> {
      await makePullsDue(hub.hub.database, 'civil-status', ['results'], hub.clock.nowMs);
      await hub.hub.pipeline.pull('civil-status', 'results');
    }
    /** As partners get it. */
    const steps = async () => {
      await hub.deliver();
      return listener.sent
        .filter(({ code, operation }) => code === SUPPLEMENTED && operation === 'dossier.progress.v1')
        .map(({ record }) => {
          const { code: _, at, ...said } = record as Progress;
          expect(at).toBe(msToInstant(hub.clock.nowMs));
          return said;
        });
    };
    const contents = async (): Promise<string[]> => {
      const { items } = (await hub.read(`/api/v1/dossiers/${SUPPLEMENTED}/history`)).body;
      return items.slice(1).map((item: { content: string }) => item.content);
    };
    const asked = async () =>
      (await ops.get('messages?limit=200')).body.items.filter(({ door }: Noted) => door === 'pull:results').length;

    test('pushed first: the pull adds its details, and a repeat of either adds nothing', async () => {
      await pushIt();
      expect(await steps()).toEqual([bare]);
      await ask();
      expect(await steps()).toEqual([bare, full]);
      expect(await contents()).toEqual([bare.content, full.content]);
      const kept = await asked();
      await ask();
      await pushIt();
      await ask();
      expect(await asked()).toBe(kept);
      expect(await steps()).toEqual([bare, full]);
      expect(await hub.hub.rebuild()).toMatchObject({ identical: true, differences: [] });
    });

    test('pulled first: the push adds nothing, and counts as a repeat', async () => {
      await ask();
      await pushIt();
      await ask();
      expect(await steps()).toEqual([full]);
      expect(await contents()).toEqual([full.content]);
      expect(await hub.hub.rebuild()).toMatchObject({ identical: true, differences: [] });
    });
  });

  describe('an end pushed in few words', () => {
    const ENDED = 'H60.01-250812-0018';
    beforeEach(async () => {
      await hub.push(dossier({ code: ENDED, serviceCode: '1.001193' }));
      await hub.deliver();
      hub.clock.nowMs += 2 * STEP_MS;
    });
    const pushEnd = (given: object = {}) =>
      post(
        push({
          maHoSo: ENDED,
          trangThai: 4,
          ...given,
          thoiGianThucHien: formatLocal('dd/MM/yyyy HH:mm:ss', msToInstant(hub.clock.nowMs)),
        }),
      );
    /** @returns how often the ministry was asked about it */
    async function round(): Promise<number> {
      const questions = () => ministry.requests().filter((request) => request.endsWith('/layKetQuaDKHT')).length;
      const before = questions();
      await makePullsDue(hub.hub.database, 'civil-status', ['results'], hub.clock.nowMs);
      await hub.hub.pipeline.pull('civil-status', 'results');
      return questions() - before;
    }
    const words = async (): Promise<string[]> => {
      const { items } = (await hub.read(`/api/v1/dossiers/${ENDED}/history`)).body;
      return items.slice(1).map((item: { content: string }) => item.content);
    };

    test('is pulled once more for the words of the ministry, and then no more', async () => {
      // With words, nothing more is pulled; and no other dossier of these tests is outstanding then.
      await pushEnd({ maHoSo: CODE, noiDungXuLy: 'Trả kết quả tại bộ phận một cửa' });
      await pushEnd();
      expect(await words()).toEqual(['Đã hoàn thành đăng ký']);
      expect(await round()).toBe(1);
      expect(await words()).toEqual(['Đã hoàn thành đăng ký', 'Đã đăng ký vào sổ hộ tịch']);
      expect(await round()).toBe(0);
      expect(await round()).toBe(0);
      expect(await hub.hub.rebuild()).toMatchObject({ identical: true, differences: [] });
    });

    test('is pulled again after a failed pull', async () => {
      await pushEnd({ maHoSo: CODE, noiDungXuLy: 'Trả kết quả tại bộ phận một cửa' });
      await pushEnd();
      await ministry.fault({ kind: 'status', status: 503, times: 10 });
      await round();
      await ministry.clearFaults();
      expect(await words()).toHaveLength(1);
      expect(await round()).toBe(1);
      expect(await words()).toHaveLength(2);
      expect(await round()).toBe(0);
    });
  });

  test('a rebuild includes callbacks', async () => {
    await post(push());
    await post(push({ trangThai: 2, thoiGianThucHien: '13/08/2025 10:00:00' }));
    await post(push({ maHoSo: 'H60.01-250812-0099' }));
    await post('no json');
    await hub.push(dossier({ code: 'H60.01-250812-0099' }));
    await hub.deliver();
    await expect
      .poll(async () => (await hub.read('/api/v1/dossiers/H60.01-250812-0099')).body.status)
      .toBe('processing');
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, differences: [] });
  });

  test('an unmapped status waits for a person, and then continues by itself', async () => {
    expect((await post(push({ trangThai: 5 }))).body.status).toBe(1);
    expect(await status()).toBe('received');
    const [cause] = (await ops.get('quarantine')).body.items;
    expect(cause).toMatchObject({ key: 'unmapped:civil-status-status:5', parties: ['civil-status'] });
    const order = { action: 'map', to: 'supplement-required', why: 'as the ministry told us' };
    expect((await ops.post(`quarantine/${cause.id}/resolve`, order)).body).toMatchObject({ freed: 1, stillWaiting: 0 });
    expect(await status()).toBe('supplement-required');
    hub.clock.nowMs += 10_000;
    await post(push({ trangThai: 5, thoiGianThucHien: '13/08/2025 11:00:00' }));
    expect(await statuses()).toEqual(['received', 'supplement-required', 'supplement-required']);
    const { items } = (await hub.read(`/api/v1/dossiers/${CODE}/history`)).body;
    expect(items.at(-1)).toMatchObject({ content: 'Trạng thái 5', actor: 'Sở Tư pháp' });
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, differences: [] });
  });

  test.each([
    { what: 'none', headers: { 'X-Signature': '' } },
    { what: 'of another secret', signature: signed(JSON.stringify(push()), 'another-secret-of-tests') },
    { what: 'of another body', signature: signed(JSON.stringify(push({ trangThai: 4 }))) },
    { what: 'cut', signature: signed(JSON.stringify(push())).slice(0, 62) },
    { what: 'the secret itself', signature: SECRET },
    {
      what: 'the key of another party',
      headers: { 'X-Signature': '', Authorization: 'Bearer one-stop-secret-of-the-tests' },
    },
  ])('a wrong signature ($what) is refused and recorded, and nothing is read', async ({ signature, headers }) => {
    const reply = await post(push(), { ...(signature && { signature }), ...(headers && { headers }) });
    expect([reply.status, reply.body.status, reply.body.errorCode]).toEqual([401, 0, '100']);
    expect(reply.headers.get('www-authenticate')).toContain('Callback');
    expect(await status()).toBe('received');
    const [noted] = await calledBack();
    expect(noted).toMatchObject({ party: 'civil-status', door: 'callback:status', outcome: 'refused' });
    expect(JSON.stringify([reply.body, noted])).not.toContain(SECRET);
  });

  test('a refusal is in the language of the request, and its reason in Vietnamese on the console', async () => {
    const refused = await post(push(), { signature: 'x', headers: { 'Accept-Language': 'vi' } });
    const reason = 'tiêu đề X-Signature không phải HMAC-SHA256 của nội dung với khóa bí mật đã thống nhất';
    expect(refused.body.errorDescription).toBe(reason);
    const invalid = await post(push({ maHoSo: '' }), { headers: { 'Accept-Language': 'vi' } });
    expect(invalid.body.errorDescription).toBe('/maHoSo thiếu, hoặc không phải mã hồ sơ');
    const [{ id } = { id: '' }] = (await calledBack()).filter(({ outcome }) => outcome === 'refused');
    const officer = officerAt(hub);
    await officer.signIn('ops');
    expect((await officer.get(`/console/messages/${id}`)).text).toContain(reason);
  });

  test('an early step is set aside with a reason when its dossier arrives without its party', async () => {
    const code = 'H60.01-250812-0039';
    await post(push({ maHoSo: code }));
    const without = await testHub({ databaseUrl: hub.databaseUrl, nowMs: hub.clock.nowMs });
    try {
      await without.push(dossier({ code, serviceCode: '1.001193' }));
      const causes = async () => (await ops.get('quarantine')).body.items;
      await expect.poll(causes).toMatchObject([
        {
          kind: 'unreadable',
          items: 1,
          detail: expect.stringMatching(/the party civil-status, .+ is not in the settings$/),
        },
      ]);
      const [{ id }] = await causes();
      await ops.post(`quarantine/${id}/resolve`, { action: 'release', why: 'it is back' });
      expect((await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
    } finally {
      await without.close();
    }
  });

  test('an unknown party, one without the callback and one without a secret get the same answer', async () => {
    const kinds = new Map<string, unknown>();
    for (const [party, name] of [
      ['nowhere', 'status'],
      ['one-stop', 'status'],
      ['silent', 'status'],
      ['civil-status', 'news'],
      ['civil-status', 'constructor'],
      ['civil-status', '__proto__'],
      ['__proto__', 'status'],
    ] as const) {
      const { status: http, body } = await post(push(), { path: `/callbacks/${party}/${name}` });
      expect([http, body.type]).toEqual([404, '/docs#problem-not-found']);
      kinds.set(body.detail.replaceAll(`"${party}"`, 'P').replaceAll(`"${name}"`, 'N'), 1);
    }
    expect(kinds.size).toBe(1);
    expect(await status()).toBe('received');
  });

  test("a party signs only for itself: the same push at another party's address is refused", async () => {
    const { status: http } = await post(push(), { path: '/callbacks/odd/news' });
    expect(http).toBe(401);
    expect(await status()).toBe('received');
  });

  test('a body that is too large when inflated, or does not inflate, is refused', async () => {
    const large = JSON.stringify(push({ noiDungXuLy: 'x'.repeat(MAX_BODY) }));
    expect((await post(large)).body.errorDescription).toContain('larger than');
    const packed = { headers: { 'Content-Encoding': 'gzip' } };
    expect((await post(gzipSync(large), packed)).status).toBe(413);
    expect((await post('not packed', packed)).status).toBe(400);
    expect((await post(push(), { headers: { 'Content-Encoding': 'lzma' } })).status).toBe(415);
    const small = JSON.stringify(push());
    expect((await post(gzipSync(small), { ...packed, signature: signed(small) })).status).toBe(200);
    expect(await status()).toBe('processing');
  });

  test.each([
    { what: 'no JSON', body: 'trangThai=4' },
    { what: 'a list', body: '[]' },
    { what: 'bytes that are no text', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
    { what: 'nested deeply', body: '['.repeat(MAX_BODY) },
    { what: 'no status', body: push({ trangThai: null }), path: '/trangThai' },
    { what: 'an object as status', body: push({ trangThai: { toString: 4 } }), path: '/trangThai' },
    { what: 'a huge number', body: JSON.stringify(push()).replace('3,', '1e999,'), path: '/trangThai' },
    { what: 'a long status', body: push({ trangThai: '9'.repeat(3_000) }), path: '/trangThai' },
    { what: 'no dossier', body: push({ maHoSo: ['H60.01-250812-0035'] }), path: '/maHoSo' },
    { what: 'U+0000', body: push({ maHoSo: `${CODE}\u0000` }), path: '/maHoSo' },
    { what: 'U+0000 in a text', body: push({ noiDungXuLy: 'a\u0000b' }), path: '/content' },
    { what: 'no date', body: push({ thoiGianThucHien: '31/02/2025 09:00:00' }), path: '/thoiGianThucHien' },
    { what: 'a prototype', body: `{"__proto__":${JSON.stringify(push())}}`, path: '/maHoSo' },
  ])('$what is answered with its faults, and stored unchanged', async ({ body, path = '' }) => {
    const reply = await post(body);
    expect([reply.status, reply.body.status, reply.body.errorCode]).toEqual([422, 0, '500']);
    expect(reply.body.errorDescription).toContain(path);
    expect(await calledBack()).toMatchObject([{ door: 'callback:status', outcome: 'invalid' }]);
    expect(await status()).toBe('received');
    expect(hub.logLines.filter(({ msg }) => msg === 'failed')).toEqual([]);
  });

  test('an adapter that throws is an error in the log without the content, never a 500', async () => {
    const odd = { path: '/callbacks/odd/news' };
    const unsigned = await post('Nguyễn Văn Quên', odd);
    expect([unsigned.status, unsigned.body]).toEqual([401, 'refused']);
    const unread = await post('Nguyễn Văn Quên', { ...odd, headers: { 'X-Secret': 'x' } });
    expect([unread.status, unread.body]).toEqual([422, 'invalid']);
    const failed = hub.logLines.filter(({ msg }) => msg === 'failed');
    expect(failed.map(({ where, error }) => [where, error])).toEqual([
      ['callback news of odd', 'Error in the sent body'],
      ['callback news of odd', 'SyntaxError in the sent body'],
    ]);
    for (const { stack } of failed) expect(stack).toContain('callbacks.test.ts');
    expect(JSON.stringify(hub.logLines)).not.toContain('Quên');
    const [kept] = (await calledBack()).filter(({ outcome }) => outcome === 'invalid');
    expect((await ops.get(`messages/${kept?.id}`)).body.bodyBytes).toBeGreaterThan(0);
  });

  test('a body of too many items is refused whole', async () => {
    const many = JSON.stringify(Array.from({ length: 1_001 }, () => 1));
    const { status: http } = await post(many, { path: '/callbacks/odd/news', headers: { 'X-Secret': 'x' } });
    expect(http).toBe(413);
  });

  test('without the database nothing is acknowledged, and the partner is asked to repeat', async () => {
    const { pool } = hub.hub.database;
    await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END $$`);
    await pool.query('CREATE TRIGGER fail BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION fail()');
    const reply = await post(push());
    expect([reply.status, reply.body.status]).toEqual([503, 0]);
    expect(reply.headers.get('retry-after')).toBe('5');
    await pool.query('DROP TRIGGER fail ON messages');
    expect((await post(push())).status).toBe(200);
    expect(await statuses()).toEqual(['received', 'processing']);
  });

  test('the log contains neither secrets nor personal data of a push', async () => {
    await post(push({ nguoiXuLy: 'Lê Văn Kín', noiDungXuLy: 'Bổ sung giấy của Nguyễn Thị Mật 0900000077' }));
    await post(push({ nguoiXuLy: 'Lê Văn Kín', trangThai: 'x' }));
    await post(push({ nguoiXuLy: 'Lê Văn Kín' }), { signature: signed('x') });
    const log = JSON.stringify(hub.logLines);
    for (const hidden of [SECRET, 'Lê Văn Kín', 'Nguyễn Thị Mật', '0900000077']) expect(log).not.toContain(hidden);
  });
});
