import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { unmappedCause } from '#core/problem';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import { AUDITED_AN_HOUR } from '../../src/http/audit-limit.ts';
import { forgetEndedSessions } from '../../src/ledger/ended-sessions.ts';
import { WRONG_SECRETS } from '../../src/ledger/request-limits.ts';
import { verifyDocument } from '../../src/secrets/signed-documents.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { cameFrom } from '../support/citizen.ts';
import { dossier, type Partner, progress, SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { petition } from '../support/kinds.ts';
import { type Officer, officerAt } from '../support/officer.ts';
import { NO, OPERATOR_KEYS, type Operator, operatorOf, partnerWithTable } from '../support/operator.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';
import { dossierXml, envelope, pushXml, sendSoap } from '../support/soap.ts';

/** A random token of a form may contain any word. */
const withoutTokens = (text: string): string => text.replaceAll(/name="token" value="[^"]*"/g, '');

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const SECRET = 'ops-secret-of-the-tests';
const HUB_SECRET = 'a-secret-of-the-tests-that-is-long-enough';
const SCREENS = [
  '',
  '?refresh=off',
  '/deliveries',
  '/deliveries?state=refused',
  '/replays',
  '/replays/new',
  '/replays/new?state=refused',
  '/messages',
  '/messages?outcome=invalid',
  '/quarantine',
  '/code-tables',
  '/code-tables/preview?party=one-stop&table=national-status&from=77&to=processing',
  '/code-tables?party=portal',
  '/mappings',
  '/mappings/table?party=portal&table=portal-status',
  '/unknown-codes',
  '/anomalies',
  '/incidents',
  '/incidents?state=all',
  '/audit',
  '/bulk',
  '/due',
  '/due?within=overdue',
  '/search?q=r',
  '/search?q=none-such',
  '/statistics',
  '/statistics/dossiers?column=received&by=agency',
  '/reports',
  '/reports?period=2025-Q2',
  '/reports/questions?period=2025-Q3',
  '/reports/online-services/records?period=2025-Q3&column=received',
  '/retention',
  '/asks',
  '/erase',
  '/dossiers',
  `/dossiers?code=${CODE(1)}`,
];
/** Of an existing party. */
const OF_PARTIES = [
  '/parties/portal',
  '/parties/ministry',
  '/parties/portal/backfill',
  '/parties/ministry/backfill?status=received',
  '/parties/portal/compared',
  '/parties/portal/compared?with=ministry',
];

/** Text of a malicious partner, wherever it can write. */
const CANARY = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`;

describe('the console', () => {
  let hub: TestHub;
  let ops: Operator;
  let portal: ReturnType<typeof partnerWithTable>;
  let ministry: Partner;
  let officer: Officer;
  beforeEach(async () => {
    portal = partnerWithTable();
    ministry = testPartner({
      pull: {
        catalogue: {
          schedule: '0 0 2 * * *',
          next: async () => ({ bodies: [], checkpoint: null, more: false }),
          read: () => [],
        },
      },
    });
    hub = await testHub({
      partners: { portal, ministry },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'ministry'] }],
      keys: [...OPERATOR_KEYS],
    });
    ops = operatorOf(hub);
    officer = officerAt(hub);
  });
  afterEach(() => hub.close());

  const later = (ms: number): void => {
    hub.clock.nowMs += ms;
  };
  const items = async (path: string) => (await ops.get(path)).body.items;
  const audited = async () =>
    (await items('audit'))
      .filter(({ action }: Record<string, string>) => !/^console[.]|^order[.]refused$/.test(action ?? ''))
      .map(({ actor, action, why }: Record<string, string>) => [actor, action, why])
      .reverse();

  /** One of each kind: delivered, refused, waiting, invalid, doubtful, unexpected. */
  async function aDay(): Promise<void> {
    ministry.script.push(NO);
    await hub.push(dossier({ code: CODE(1) }));
    await hub.push(dossier({ code: CODE(2), status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00' }));
    await hub.push(dossier({ code: CODE(3), status: 'nonsense' }));
    await hub.push(dossier({ code: CODE(4), note: 'Nguyá»…n VÄ�n An' }));
    await hub.push(dossier({ code: CODE(5) }));
    await hub.push(progress({ code: CODE(5), status: 'returned', at: '2025-08-15T08:00:00+07:00' }), {
      what: 'progress',
    });
    await hub.deliver();
    later(10_000);
  }

  test('a report of a period is downloaded as a file', async () => {
    await officer.signIn('ops');
    const list = await officer.get('/console/reports?period=2025-Q3');
    expect(list.text).toContain('/console/reports/incidents?period=2025-Q3&amp;format=pdf');
    const file = await officer.get('/console/reports/ii06a?period=2025-Q3&format=pdf');
    expect([file.status, file.text.slice(0, 5)]).toEqual([200, '%PDF-']);
    expect((await officer.get('/console/reports/ii06a?period=2099&format=pdf')).status).toBe(400);
    expect((await officer.get('/console/reports/constructor?period=2025-Q3')).status).toBe(400);
  });

  test('a report file leads each number to the console, at the address that the officer uses', async () => {
    const own = await testHub({ keys: [...OPERATOR_KEYS], proxies: ['10.0.0.0/8'] });
    try {
      await own.push(dossier({ code: CODE(1) }));
      const signedIn = officerAt(own);
      await signedIn.signIn('ops');
      const cookie = [...signedIn.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const linksAt = async (origin: string, from: string, forwarded: Readonly<Record<string, string>> = {}) => {
        const headers = { Cookie: cookie, ...forwarded };
        const path = `${origin}/console/reports/ii06a?period=2025-Q3&format=csv`;
        const csv = await (await own.hub.app.request(path, { headers }, cameFrom(from, headers))).text();
        return [...new Set(csv.match(/https?:[^,]*(?=\/console\/)/g))];
      };
      expect(await linksAt('http://hub.example:8080', '192.0.2.1')).toEqual(['http://hub.example:8080']);
      const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'dichvu.example' };
      expect(await linksAt('http://hub:8080', '10.0.0.1', forwarded)).toEqual(['https://dichvu.example']);
      const odd = { ...forwarded, 'x-forwarded-host': 'a:b' };
      expect(await linksAt('http://hub:8080', '10.0.0.1', odd)).toEqual(['https://hub:8080']);
    } finally {
      await own.close();
    }
  });

  describe('signing in', () => {
    test('accepts a key with its own secret; any fault gets one slow answer', async () => {
      expect((await officer.get('/console')).to).toBe('/console/sign-in');
      const began = performance.now();
      const wrong = await Promise.all([
        officer.signIn('ops', 'not-the-secret'),
        officer.signIn('nobody', SECRET),
        officer.signIn('ops-body', SECRET),
        officer.signIn('ops', ''),
        officer.signIn('ops', 'mật khẩu'),
      ]);
      expect(performance.now() - began).toBeGreaterThan(490);
      for (const { status, text } of wrong) {
        expect(status).toBe(401);
        expect(text).toContain('Tên đăng nhập hoặc mật khẩu không đúng.');
      }
      // The name stays, and the focus is on the password, which does not.
      expect(wrong[1]?.text).toMatch(/name="id" value="nobody"(?! autofocus)[\s\S]*name="secret"[^>]* autofocus>/);
      expect(wrong[1]?.text).not.toContain(SECRET);
      expect(officer.cookies.size).toBe(0);
      const page = await officer.signIn('ops');
      expect([page.status, page.text.includes('<h1>Tổng quan</h1>')]).toEqual([200, true]);
      expect(page.text).toContain('>ops</span>');
    });

    test('a key without the console scope is told so on the page', async () => {
      const { status, text } = await officer.signIn('portal', SECRETS.portal);
      expect([status, text.includes('Tài khoản này không có quyền truy cập màn hình điều hành (ops:read).')]).toEqual([
        403,
        true,
      ]);
    });

    test('the cookie is for the console only, for eight hours, and over TLS only by TLS', async () => {
      const setCookie = async (url: string) =>
        (await officer.send(url, { id: 'ops', secret: SECRET })).headers.get('set-cookie') ?? '';
      const plain = await setCookie('/console/sign-in');
      for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/console', 'Max-Age=28800'])
        expect(plain).toContain(part);
      expect(plain).not.toContain('Secure');
      expect(await setCookie('https://hub.test/console/sign-in')).toContain('Secure');
    });

    test('leads to the wanted page, and to no other site', async () => {
      const first = await officer.get('/console/deliveries?state=refused');
      expect(first.to).toBe(`/console/sign-in?${new URLSearchParams({ next: '/console/deliveries?state=refused' })}`);
      const next = async (to: string) =>
        (await officer.send('/console/sign-in', { id: 'ops', secret: SECRET, next: to })).to;
      expect(await next('/console/deliveries?state=refused')).toBe('/console/deliveries?state=refused');
      for (const elsewhere of ['https://evil.test/', '//evil.test', '/console/../docs', '/consolex', '/\\evil.test'])
        expect(await next(elsewhere)).toBe('/console');
    });

    test('limits wrong secrets from an address in 15 minutes, then refuses even the right one', async () => {
      const guesser = officerAt(hub, '203.0.113.7');
      const tries = await Promise.all(
        Array.from({ length: WRONG_SECRETS + 5 }, (_, n) => guesser.signIn('ops', `guess-${n}`)),
      );
      expect([401, 429].map((one) => tries.filter(({ status }) => status === one).length)).toEqual([WRONG_SECRETS, 5]);
      const refused = await guesser.signIn('ops');
      expect([refused.status, refused.text.includes('nhập sai quá nhiều lần')]).toEqual([429, true]);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
      const other = officerAt(hub, '203.0.113.8');
      for (let n = 0; n < 25; n++) expect((await other.signIn('ops')).status).toBe(200);
      // A known officer is not locked out by another client's guesses.
      await Promise.all(Array.from({ length: WRONG_SECRETS + 5 }, (_, n) => other.signIn('ops', `guess-${n}`)));
      expect((await other.signIn('ops', 'guess')).status).toBe(429);
      expect((await other.signIn('ops')).status).toBe(200);
    });

    test('a session ends by signing out, and after eight hours', async () => {
      await officer.signIn('ops');
      expect((await officer.post('/console/sign-out')).text).toContain('Đã đăng xuất.');
      expect(officer.cookies.has('lienthong-console')).toBe(false);
      await officer.signIn('ops');
      later(8 * 3_600_000 - 1);
      expect((await officer.get('/console/deliveries')).status).toBe(200);
      later(1);
      expect((await officer.get('/console')).to).toBe('/console/sign-in');
      expect(officer.cookies.has('lienthong-console')).toBe(false);
    });

    test('an order after its end is not carried out, as the sign-in page says', async () => {
      const said = 'yêu cầu vừa gửi chưa được thực hiện';
      await officer.signIn('ops');
      later(8 * 3_600_000);
      const { text } = await officer.post('/console/parties/portal/pause', { why: 'too late' });
      expect([text.includes('<h1>Đăng nhập</h1>'), text.includes(said)]).toEqual([true, true]);
      expect((await officer.get('/console/sign-in')).text).not.toContain(said);
      expect(await items('parties')).toContainEqual(expect.objectContaining({ party: 'portal', paused: null }));
      await officer.signIn('ops');
      later(8 * 3_600_000);
      expect((await officer.post('/console/sign-out')).text).not.toContain(said);
    });

    test('a long text of an order after its end stays on the sign-in page, which leads back to the page of the form', async () => {
      await officer.signIn('ops');
      later(8 * 3_600_000);
      const page = '/console/records/question/CH-1';
      const headers = { 'Sec-Fetch-Site': 'same-origin', Referer: `http://localhost${page}` };
      const { status, text } = await officer.send(
        page,
        { order: 'answer', text: 'Đã <b>xong</b>.', why: 'x' },
        headers,
      );
      expect(status).toBe(401);
      expect(text).toContain('yêu cầu vừa gửi chưa được thực hiện');
      expect(text).toContain('<textarea readonly rows="6">Đã &lt;b&gt;xong&lt;/b&gt;.</textarea>');
      expect(text).toContain(`name="next" value="${page}"`);
      const short = await officer.send('/console/parties/portal/pause', { why: 'x' }, headers);
      expect(short.to).toBe(`/console/sign-in?${new URLSearchParams({ next: page })}`);
      const elsewhere = { ...headers, 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.test' };
      expect((await officer.send(page, { text: 'Gửi từ nơi khác' }, elsewhere)).text).not.toContain('Gửi từ nơi khác');
    });

    test('a copied cookie fails in all processes after sign-out, and other sessions continue', async () => {
      const beside = await testHub({ databaseUrl: hub.databaseUrl, nowMs: hub.clock.nowMs, keys: [...OPERATOR_KEYS] });
      try {
        const other = officerAt(hub);
        await other.signIn('ops');
        await officer.signIn('ops');
        const copied = officer.cookies.get('lienthong-console') as string;
        const thieves = [hub, beside].map((process) => officerAt(process));
        for (const thief of thieves) {
          thief.cookies.set('lienthong-console', copied);
          expect((await thief.get('/console/parties/portal')).status).toBe(200);
        }
        await officer.post('/console/sign-out');
        for (const thief of thieves) {
          thief.cookies.set('lienthong-console', copied);
          expect((await thief.get('/console')).to).toBe('/console/sign-in');
          thief.cookies.set('lienthong-console', copied);
          expect((await thief.send('/console/parties/portal/pause', { why: 'x' })).to).toBe('/console/sign-in');
        }
        expect(await audited()).toEqual([]);
        expect((await other.get('/console')).status).toBe(200);
        await officer.signIn('ops');
        expect((await officer.get('/console')).status).toBe(200);
      } finally {
        await beside.close();
      }
    });

    test('the audit records its begin, end and refusal, and a flood of wrong ones does not fill it', async () => {
      const entries = async () =>
        (await items('audit')).map(({ actor, action, subject }: Record<string, string>) => [actor, action, subject]);
      await officer.signIn('ops');
      await officer.post('/console/sign-out');
      expect((await entries()).reverse()).toEqual([
        ['ops', 'console.sign-in', 'key ops'],
        ['ops', 'console.sign-out', 'key ops'],
      ]);
      await Promise.all(
        Array.from({ length: 80 }, (_, n) =>
          officer.send('/console/sign-in', { id: n % 2 ? 'ops' : CANARY, secret: 'wrong' }),
        ),
      );
      const { rows } = await hub.hub.database.pool.query(
        "SELECT subject, count(*)::int AS n, max(why) AS why FROM audit WHERE action = 'console.sign-in-refused' GROUP BY subject ORDER BY subject",
      );
      expect(rows.map(({ subject }) => subject)).toEqual(['key ops', 'key unknown']);
      expect(rows[0].n + rows[1].n).toBe(AUDITED_AN_HOUR);
      expect(`${rows[0].why}${rows[1].why}`).toContain('more of this actor in the same hour are not listed');
    });

    test('the hash of an ended session is stored until its own expiry', async () => {
      await officer.signIn('ops');
      const { token } = JSON.parse(
        createVault([HUB_SECRET])
          .open(sealedIn(officer.cookies.get('lienthong-console') as string))
          .toString(),
      );
      await officer.post('/console/sign-out');
      const { pool } = hub.hub.database;
      const kept = async () => (await pool.query('SELECT hash, expires_at FROM ended_sessions')).rows;
      expect(await kept()).toHaveLength(1);
      expect(JSON.stringify(await kept())).not.toContain(token);
      await forgetEndedSessions(hub.hub.database, hub.clock.nowMs + 8 * 3_600_000 - 1);
      expect(await kept()).toHaveLength(1);
      await forgetEndedSessions(hub.hub.database, hub.clock.nowMs + 8 * 3_600_000);
      expect(await kept()).toEqual([]);
    });

    test('without the database nobody appears signed out, and the session continues', async () => {
      await officer.signIn('ops');
      const { pool } = hub.hub.database;
      const { query } = pool;
      pool.query = (() => Promise.reject(Object.assign(new Error('away'), { code: '57P01' }))) as never;
      const tried = await officer.post('/console/sign-out');
      pool.query = query;
      expect([tried.status, tried.text.includes('Đã đăng xuất.')]).toEqual([503, false]);
      expect((await officer.get('/console')).status).toBe(200);
    });

    test('a cookie that is changed, invented or sealed elsewhere or for another use is refused', async () => {
      await officer.signIn('ops');
      const good = officer.cookies.get('lienthong-console') as string;
      const sealedBy = (secret: string, value: object): string => {
        const { keyId, bytes } = createVault([secret]).seal(JSON.stringify(value));
        return `${keyId}.${bytes.toString('base64url')}`;
      };
      const session = { secret: SECRET, token: 'x', endsAtMs: hub.clock.nowMs + 1_000 };
      expect((await withCookie(sealedBy(HUB_SECRET, { use: 'console session', ...session }))).status).toBe(200);
      for (const bad of [
        `${good.slice(0, -2)}${good.endsWith('AA') ? 'BB' : 'AA'}`,
        good.slice(0, 40),
        'x',
        '1.x',
        sealedBy('another-secret-of-the-tests-that-is-long', { use: 'console session', ...session }),
        sealedBy(HUB_SECRET, { use: 'console told', ...session }),
        sealedBy(HUB_SECRET, { use: 'console session', ...session, endsAtMs: hub.clock.nowMs - 1 }),
        sealedBy(HUB_SECRET, { use: 'console session', ...session, secret: 'not-the-secret' }),
        sealedBy(HUB_SECRET, { use: 'console session' }),
      ])
        expect([bad, (await withCookie(bad)).to]).toEqual([bad, '/console/sign-in']);

      async function withCookie(value: string) {
        const other = officerAt(hub);
        other.cookies.set('lienthong-console', value);
        return other.get('/console');
      }
    });

    test('a session is valid in all processes, and ends when the secret of its key changes', async () => {
      await officer.signIn('ops');
      const changed = OPERATOR_KEYS.map((key) => (key.id === 'ops' ? { ...key, secret: 'changed-secret' } : key));
      for (const [keys, status] of [
        [OPERATOR_KEYS, 200],
        [changed, 303],
      ] as const) {
        const process = await testHub({ databaseUrl: hub.databaseUrl, nowMs: hub.clock.nowMs, keys: [...keys] });
        const there = officerAt(process);
        there.cookies.set('lienthong-console', officer.cookies.get('lienthong-console') as string);
        expect((await there.get('/console')).status).toBe(status);
        await process.close();
      }
    });
  });

  describe('a form', () => {
    test('from another site, or of another session, does nothing', async () => {
      await officer.signIn('ops');
      const pause = '/console/parties/portal/pause';
      const sources: Record<string, string>[] = [
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
        { Origin: 'http://evil.test' },
        { Origin: 'null' },
        {},
      ];
      for (const headers of sources) {
        const { status, text } = await officer.send(pause, { why: 'x' }, headers);
        expect([status, text.includes('Yêu cầu không được thực hiện')]).toEqual([403, true]);
      }
      const why = 'Công văn <12>. '.repeat(5).trim();
      for (const token of ['', 'x'.repeat(24)]) {
        const { status, text } = await officer.send(pause, { why, token });
        // The form may be one of an earlier session, and its text is not lost.
        expect([status, text.includes(`rows="6">${why.replaceAll('<12>', '&lt;12&gt;')}</textarea>`)]).toEqual([
          403,
          true,
        ]);
      }
      expect(await audited()).toEqual([]);
      // A browser that only names the site of the form.
      expect((await officer.send(pause, { why: 'x' }, { Origin: 'http://localhost' })).status).toBe(303);
      expect(await audited()).toEqual([['ops', 'party.pause', 'x']]);
    });

    test('that is larger than any of ours is refused', async () => {
      await officer.signIn('ops');
      expect((await officer.send('/console/parties/portal/pause', { why: 'x'.repeat(70_000) })).status).toBe(400);
      expect(await audited()).toEqual([]);
    });

    test('pauses, resumes and pulls from a party, under the key’s name and with the reason', async () => {
      await officer.signIn('ops');
      const paused = await officer.post('/console/parties/ministry/pause', { why: 'bảo trì đột xuất' });
      expect(paused.text).toContain('Đã tạm dừng ministry.');
      expect((await items('parties')).find((one: { party: string }) => one.party === 'ministry')).toMatchObject({
        health: 'paused',
        paused: { by: 'ops' },
      });
      expect((await officer.get('/console')).text).toContain('aria-label="Chạy tiếp ministry"');
      const resumed = await officer.post('/console/parties/ministry/resume', { back: 'overview' });
      expect(resumed.text).toContain('ministry chạy tiếp.');
      expect((await officer.get('/console')).text).not.toContain('ministry chạy tiếp.');
      await officer.post('/console/parties/ministry/pull', { name: 'catalogue' });
      const none = await officer.post('/console/parties/ministry/pull', { name: 'nothing' });
      expect(none.text).toContain('cần một trong: catalogue');
      expect(await audited()).toEqual([
        ['ops', 'party.pause', 'bảo trì đột xuất'],
        ['ops', 'party.resume', ''],
        ['ops', 'party.pull', ''],
      ]);
    });

    test('shows the hub’s own findings in the officer’s language, with who must act', async () => {
      await aDay();
      ministry.script.push({
        kind: 'unavailable',
        reason: 'timeout',
        ...sentenceOf(say('no-answer-in-time', { seconds: 30 })),
      });
      await hub.push(dossier({ code: CODE(6) }));
      await hub.deliver();
      await officer.signIn('ops');
      const [{ id }] = await items(`deliveries?code=${CODE(6)}`);
      const shown = async (path: string) => (await officer.get(`/console/${path}`)).text;
      expect(await shown('quarantine')).toContain('văn bản');
      const delivery = await shown(`deliveries/${id}`);
      for (const text of ['hết giờ chờ trả lời', 'không trả lời trong 30 giây', 'đường truyền', 'Trục tự thử lại'])
        expect(delivery).toContain(text);
      expect(await shown(`deliveries/${id}?lang=en`)).toContain('no answer within 30 s');
    });

    test('is confirmed with the name of the party', async () => {
      const title = 'Hệ thống của Bộ';
      const partners = { ministry: testPartner() };
      const named = await testHub({ partners, keys: [...OPERATOR_KEYS], entries: { ministry: { title } } });
      const other = officerAt(named);
      await other.signIn('ops');
      const orders = { pause: `Đã tạm dừng ${title}.`, resume: `${title} chạy tiếp.` };
      for (const [order, text] of Object.entries(orders))
        expect((await other.post(`/console/parties/ministry/${order}`, { why: 'x' })).text).toContain(text);
      // Its name is found as people type it, without marks.
      expect((await other.get('/console/search?q=he+thong+cua+BO')).to).toBe('/console/parties/ministry');
      expect((await other.get('/console/search?q=he+thong+khac')).text).toContain('Ô này chỉ tìm theo mã');
      await named.close();
    });

    test('replays a delivery, once however often it is pressed', async () => {
      await aDay();
      await officer.signIn('ops');
      const [{ id }] = await items('deliveries?state=refused');
      const page = await officer.get(`/console/deliveries/${id}`);
      for (const shown of ['bị từ chối', 'field-too-long', 'TenTTHC is too long', 'Lần 1'])
        expect(page.text).toContain(shown);
      // The dossier's present status beside the delivered one shows the officer whether it still matters.
      expect(page.text).toMatch(/Hồ sơ hiện nay<\/dt><dd><strong>được tiếp nhận<\/strong> từ/);
      expect((await officer.get(`/console/dossiers?code=${CODE(1)}`)).text).toContain(
        '<strong>được tiếp nhận</strong>',
      );
      const again = await officer.post(`/console/deliveries/${id}/replay`, { why: 'đã sửa' });
      expect(again.text).toContain('Đã xếp hàng gửi lại');
      expect((await officer.post(`/console/deliveries/${id}/replay`)).text).toContain('Không có gì thay đổi');
      await hub.deliver();
      expect((await officer.get(`/console/deliveries/${id}`)).text).toMatch(
        /Lần 1[\s\S]*bị từ chối[\s\S]*Lần 2[\s\S]*đã chuyển/,
      );
      expect(ministry.sent.filter((item) => item.id === `lienthong-${id}`)).toHaveLength(2);
      expect((await audited())[0]).toEqual(['ops', 'delivery.replay', 'đã sửa']);
    });

    test('replays many: first a preview, then the run, which can be stopped', async () => {
      ministry.script.push(...Array(30).fill(NO));
      await hub.push(Array.from({ length: 30 }, (_, n) => dossier({ code: CODE(n) })));
      await hub.deliver();
      later(10_000);
      await officer.signIn('ops');
      expect((await officer.get('/console/deliveries?state=refused')).text).toContain(
        '/console/replays/new?state=refused',
      );
      const preview = await officer.get('/console/replays/new?state=refused&party=ministry');
      expect(preview.text).toContain('30 lượt sẽ được gửi lại.');
      expect(preview.text).not.toContain('đã đưa vào hàng chờ');
      expect((await items('replays')).length + (await audited()).length).toBe(0);
      const order = { state: 'refused', party: 'ministry', perSecond: '5' };
      expect((await officer.post('/console/replays', order)).text).toContain('/why thiếu, cần lý do');
      const run = await officer.post('/console/replays', { ...order, why: 'bộ đã sửa' });
      expect(run.text).toContain('30 lượt.');
      expect(run.text).toContain('<meta http-equiv="refresh" content="5">');
      const [{ id }] = await items('replays');
      expect(run.text).toContain(`<h1>Đợt chuyển lại ${id}</h1>`);
      const ended = await officer.post(`/console/replays/${id}/stop`, { back: 'run' });
      for (const shown of [`Đã dừng đợt ${id}.`, `<h1>Đợt chuyển lại ${id}</h1>`]) expect(ended.text).toContain(shown);
      expect(ended.text).not.toContain('http-equiv');
      const [stopped] = await items('replays');
      expect(stopped).toMatchObject({ state: 'stopped', stoppedBy: 'ops', why: 'bộ đã sửa', perSecond: 5 });
      expect((await officer.get('/console/replays')).text).not.toContain('http-equiv');
    });

    test('backfills a party: first a preview, then the run', async () => {
      await hub.push([1, 2, 3].map((n) => dossier({ code: CODE(n) })));
      await hub.deliver();
      await hub.hub.database.pool.query(`DELETE FROM deliveries WHERE party = 'ministry'`);
      await officer.signIn('ops');
      expect((await officer.get('/console/parties/ministry')).text).toContain('/console/parties/ministry/backfill');
      const preview = await officer.get('/console/parties/ministry/backfill?status=received');
      for (const shown of ['3 hồ sơ sẽ được chuyển.', 'Đã xem 3 hồ sơ', CODE(3)]) expect(preview.text).toContain(shown);
      const order = { status: 'received', perSecond: '5' };
      expect((await officer.post('/console/parties/ministry/backfill', order)).text).toContain('/why thiếu, cần lý do');
      const run = await officer.post('/console/parties/ministry/backfill', { ...order, why: 'bộ mới kết nối' });
      for (const shown of [
        'Đã bắt đầu đợt',
        ': 3 hồ sơ.',
        'thêm lượt chuyển: 3',
        '<div>trạng thái: được tiếp nhận</div>',
      ])
        expect(run.text).toContain(shown);
      expect(preview.text).toMatch(/<select name="kind"[^>]*><option value=""[^>]*>hồ sơ<\/option>/);
      const queue = await officer.get('/console/records');
      expect(queue.text).toMatch(/<select name="state"[^>]*><option value=""[^>]*>chưa kết thúc<\/option>/);
      expect((await officer.get('/console/parties/ministry/backfill')).text).toContain('Không có gì để chuyển bù.');
    });

    test('settles by candidate, release or dismissal; a second officer learns who was first', async () => {
      await aDay();
      await officer.signIn('ops');
      const of = async (kind: string) => (await items(`quarantine?kind=${kind}`))[0].id;
      const unmapped = await of('unmapped');
      const page = await officer.get(`/console/quarantine/${unmapped}`);
      expect(page.text).toContain('unmapped:portal-status:resolved');
      expect(page.text).toContain('name="to" value="9"');
      // The hub sends this code, so that the partner's word may be one that no table has yet.
      expect(page.text).toContain('name="other"');
      expect(page.text).toContain(
        '/console/code-tables/preview?party=portal&amp;table=portal-status&amp;from=resolved&amp;to=9',
      );
      const map = { action: 'map', to: '9', why: 'theo bảng mã của bộ' };
      expect((await officer.post(`/console/quarantine/${unmapped}/resolve`, map)).text).toContain(
        'Đã gỡ 1 mục, còn chờ 0.',
      );
      await hub.deliver();
      expect(portal.codes).toContain('9');
      const other = await officer.post(`/console/quarantine/${unmapped}/resolve`, { action: 'dismiss', why: 'x' });
      expect(other.text).toContain('ops đã quyết định trước, lúc 21/08/2025 08:30:10: gán mã → 9.');
      const doubtful = await of('doubtful-text');
      await officer.post(`/console/quarantine/${doubtful}/resolve`, { action: 'release', why: 'đúng là vậy' });
      expect((await hub.read(`/api/v1/dossiers/${CODE(4)}`)).status).toBe(200);
      expect(await audited()).toEqual([
        ['ops', 'quarantine.map', 'theo bảng mã của bộ'],
        ['ops', 'quarantine.release', 'đúng là vậy'],
      ]);
    });

    test('offers only codes that the hub accepts, also where the code of a partner is a value of the table', async () => {
      const oneWay = await testHub({
        partners: { portal: partnerWithTable(false) },
        routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
        keys: [...OPERATOR_KEYS],
      });
      const other = officerAt(oneWay);
      await oneWay.push(dossier({ status: 'resolved' }));
      await oneWay.deliver();
      await other.signIn('ops');
      const [{ id }] = (await operatorOf(oneWay).get('quarantine?kind=unmapped')).body.items;
      const { text } = await other.get(`/console/quarantine/${id}`);
      const offered = [...text.matchAll(/name="to" value="([^"]+)"/g)].map(([, to]) => to);
      expect(offered.sort()).toEqual(['processing', 'received', 'resolved', 'stopped', 'supplement-required']);
      const map = { action: 'map', to: 'processing', why: 'x' };
      expect((await other.post(`/console/quarantine/${id}/resolve`, map)).text).toContain('Đã gỡ 1 mục');
      await oneWay.close();
    });

    test('that is refused keeps what the officer wrote, in the form or beside it', async () => {
      await aDay();
      await officer.signIn('ops');
      await officer.get('/console');
      const why = `Công văn <12>: ${'căn cứ '.repeat(100)}`.trim();
      const kept = `name="why" value="${why.replace('<12>', '&lt;12&gt;')}"`;
      const [{ id }] = await items('quarantine?kind=unmapped');
      const path = `/console/quarantine/${id}/resolve`;
      const refused = await officer.post(path, { action: 'dismiss', why, party: 'nobody' });
      expect([refused.status, refused.text.split(kept).length]).toEqual([400, 2]);
      expect(refused.text).toMatch(/data-key="d" open>[\s\S]*name="action" value="dismiss"[\s\S]*căn cứ căn cứ/);
      expect(refused.text).toContain(`href="/console/quarantine/${id}?lang=en"`);
      expect(refused.text).not.toContain('để sao chép');
      await officer.post(path, { action: 'map', to: '9', why: 'trước' });
      const late = await officer.post(path, { action: 'dismiss', why });
      expect(late.status).toBe(409);
      expect(late.text).toContain('ops đã quyết định trước');
      expect(late.text).toMatch(/để sao chép\s*<textarea readonly rows="6">Công văn &lt;12&gt;: căn cứ/);

      const hold = await officer.post('/console/legal-holds', { kind: 'payment', code: 'TT-9', phone: '0900', why });
      expect(hold.status).toBe(400);
      for (const field of [kept, 'name="code" value="TT-9"', 'value="payment" selected', 'name="phone" value="0900"'])
        expect(hold.text).toContain(field);
      const replay = await officer.post('/console/replays', { party: 'ministry', perSecond: '0', why });
      expect([replay.status, replay.text.includes(kept)]).toEqual([400, true]);
      const { rows } = await hub.hub.database.pool.query<{ id: number }>(
        "INSERT INTO incidents (party, kind, cause, opened_at) VALUES ('ministry', 'pull-failed', '', now()) RETURNING id",
      );
      const note = await officer.post(`/console/incidents/${rows[0]?.id}/notes`, { cause: 'Máy chủ hỏng' });
      expect([note.status, note.text.includes('maxlength="1000">Máy chủ hỏng</textarea>')]).toEqual([400, true]);
      // Nothing to keep: the page has its own address.
      expect((await officer.send(path, { action: 'dismiss' })).status).toBe(303);
    });

    test('maps to other codes than the candidates, and enters a line in advance', async () => {
      await aDay();
      await officer.signIn('ops');
      const [{ id }] = await items('quarantine?kind=unmapped');
      const two = { action: 'map', to: '9', other: '2', why: 'một trong hai' };
      expect((await officer.post(`/console/quarantine/${id}/resolve`, two)).text).toContain(
        'Đã chọn 9 nhưng ô mã ghi 2, nên chưa gán mã.',
      );
      await officer.post(`/console/quarantine/${id}/resolve`, { action: 'map', to: '', other: '10', why: 'khác' });
      const wrong = { from: '77', to: 'nearly-done', why: 'x' };
      const refused = await officer.post('/console/code-tables/portal/portal-status', wrong);
      expect(refused.text).toContain('Yêu cầu chưa hợp lệ: /to nhận được &quot;nearly-done&quot;');
      const line = { ...wrong, to: 'processing' };
      const tried = '/console/code-tables/preview?party=portal&table=portal-status';
      expect((await officer.get(`${tried}&from=77&to=nearly-done`)).text).toContain(
        '/to nhận được &quot;nearly-done&quot;',
      );
      const preview = (await officer.get(`${tried}&from=77&to=processing`)).text;
      expect(preview).toContain('0 mục đang vướng mã sẽ đọc được');
      expect(preview).toContain('Thêm dòng này');
      expect(preview).not.toContain('&lt;');
      expect((await items('code-tables?party=portal'))[0].entered).toHaveLength(1);
      const { text } = await officer.get('/console/code-tables?party=portal');
      expect(text).toContain('4 dòng có sẵn');
      expect(text).toContain('<option value="stopped">');
      expect(text).not.toContain('<code></code>');
      expect((await officer.post('/console/code-tables/portal/portal-status', line)).text).toContain(
        'Đã thêm: 77 → processing',
      );
      const [table] = await items('code-tables?party=portal');
      expect(table.entered).toMatchObject([
        { from: 'resolved', to: '10' },
        { from: '77', to: 'processing', who: 'ops' },
      ]);
    });
  });

  describe('what is shown', () => {
    test('appears on every screen of a hub with one of each kind, in both languages', async () => {
      await aDay();
      await officer.signIn('ops-personal');
      const [{ id: message }] = await items('messages');
      const [{ id: delivery }] = await items('deliveries?state=refused');
      const [{ id: cause }] = await items('quarantine');
      await ops.post('deliveries/replay', { state: 'delivered', preview: false, why: 'x' });
      const all = [...SCREENS, ...OF_PARTIES, `/messages/${message}`, `/messages/${message}/body`];
      for (const path of [...all, `/deliveries/${delivery}`, `/deliveries/${delivery}/wire`, `/quarantine/${cause}`])
        for (const language of ['vi', 'en']) {
          const url = `/console${path}${path.includes('?') ? '&' : '?'}lang=${language}`;
          const { status, text, headers } = await officer.get(url);
          expect([url, status, /role="alert"/.exec(text)]).toEqual([url, 200, null]);
          expect(text).toContain(`<html lang="${language}">`);
          expect(text).toContain(language === 'vi' ? '>Đăng xuất<' : '>Sign out<');
          expect(withoutTokens(text)).not.toMatch(/undefined|\[object|NaN|Invalid Date/);
          expect(headers.get('content-security-policy')).toContain("default-src 'none'");
          expect([headers.get('cache-control'), headers.get('referrer-policy')]).toEqual(['no-store', 'same-origin']);
        }
      const overview = await officer.get('/console?lang=vi');
      expect(overview.text).toContain('<noscript><meta http-equiv="refresh" content="30"></noscript>');
      expect(overview.text).toContain('Đọc lúc <time datetime="2025-08-21T08:30:10+07:00">21/08/2025 08:30:10</time>');
    });

    test('a missing thing is explained in words', async () => {
      await officer.signIn('ops');
      for (const path of [
        '/nothing',
        '/messages/1',
        '/deliveries/999',
        '/deliveries/x',
        '/quarantine/1',
        '/parties/nobody',
        '/replays/9',
        '/replays/x',
      ])
        expect([path, (await officer.get(`/console${path}`)).status]).toEqual([path, 404]);
      // A day in Vietnamese notation finds the same as the API's, and stays in the field.
      const typed = await officer.get('/console/messages?from=1/8/2025&to=31/12/2025');
      expect(typed.text).toMatch(/name="from" value="01\/08\/2025"[\s\S]*name="to" value="31\/12\/2025"/);
      expect(typed.status).toBe(200);
      // As browsers read a pattern.
      const day = new RegExp(`^(?:${/name="from"[^>]* pattern="([^"]*)"/.exec(typed.text)?.[1]})$`, 'v');
      const days = ['1/8/2025', '31/12/2025', '99/99/2025', '2025-08-01', '0/1/2025', '1/13/2025'];
      expect(days.filter((one) => day.test(one))).toEqual(['1/8/2025', '31/12/2025']);
      const wrong = await officer.get('/console/messages?from=yesterday');
      expect(wrong.text).toContain('Yêu cầu chưa hợp lệ: “Từ ngày” nhận được &quot;yesterday&quot;');
      // Also a day that no calendar has is shown as it was typed.
      const never = await officer.get('/console/messages?from=31/4/2025');
      expect(never.text).toContain('“Từ ngày” nhận được &quot;31/4/2025&quot;');
      expect(never.text).toContain('name="from" value="31/4/2025"');
    });

    test('the items of a message, numbered from 1 as its caption counts them', async () => {
      await officer.signIn('ops');
      const { receipt } = await hub.push([dossier({ code: CODE(1) }), { code: CODE(2) }]);
      const { text } = await officer.get(`/console/messages/${receipt}`);
      expect([...text.matchAll(/<tr><th scope="row">(\d+)<\/th>/g)].map(([, first]) => first)).toEqual(['1', '2']);
      const body = await officer.get(`/console/messages/${receipt}/body`);
      expect(body.text).toMatch(/<summary>1\. [^<]*<\/summary>[\s\S]*<summary>2\. /);
    });

    test('the deliveries of a message, in the order that their caption names', async () => {
      await officer.signIn('ops');
      const { receipt } = await hub.push([dossier({ code: CODE(1) }), dossier({ code: CODE(2) })]);
      const { text } = await officer.get(`/console/messages/${receipt}`);
      const ids = [...text.matchAll(/href="\/console\/deliveries\/(\d+)"/g)].map(([, id]) => Number(id));
      expect(ids).toHaveLength(4);
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      expect(text).toContain('<caption>Có 4 lượt chuyển, hiện tất cả, cũ nhất trước</caption>');
    });

    test('a filter has one choice for all', async () => {
      await officer.signIn('ops');
      for (const screen of ['deliveries', 'messages', 'quarantine', 'mappings', 'audit']) {
        const { text } = await officer.get(`/console/${screen}`);
        for (const [list] of text.matchAll(/<select[\s\S]*?<\/select>/g))
          expect(list.match(/value=""/g)).toHaveLength(1);
      }
    });

    test('the menu marks the page that leads to this one', async () => {
      await officer.signIn('ops');
      for (const [screen, marked] of [
        ['erase', 'retention'],
        ['legal-holds', 'retention'],
        ['mappings', 'code-tables'],
        ['doubtful-dossiers', 'anomalies'],
        ['ended-services', 'unknown-codes'],
      ])
        expect((await officer.get(`/console/${screen}`)).text.match(/<a href="[^"]*" aria-current="page">/g)).toEqual([
          `<a href="/console/${marked}" aria-current="page">`,
        ]);
    });

    test('a read-only key sees no button that it may not press, and no body', async () => {
      await aDay();
      await officer.signIn('ops-read');
      const [{ id: message }] = await items('messages');
      const [{ id: delivery }] = await items('deliveries?state=refused');
      const [{ id: cause }] = await items('quarantine');
      const paths = [
        ...SCREENS,
        '/parties/ministry',
        `/messages/${message}/body`,
        `/deliveries/${delivery}`,
        `/quarantine/${cause}`,
      ];
      for (const path of paths) {
        const { text } = await officer.get(`/console${path}`);
        expect([
          path,
          text.match(/method="post" action="(?!\/console\/(?:sign-out|bulk|saved-filters)")[^"]*"/g),
        ]).toEqual([path, null]);
        expect(text).not.toContain('<pre');
        expect(text).not.toContain('Phím:');
      }
      for (const [path, fields] of [
        ['parties/portal/pause', { why: 'x' }],
        [`deliveries/${delivery}/replay`, {}],
        [`quarantine/${cause}/resolve`, { action: 'dismiss', why: 'x' }],
        ['replays', { state: 'refused', why: 'x' }],
      ] as const)
        expect((await officer.post(`/console/${path}`, fields)).text).toContain(
          'Tài khoản đang dùng không có quyền này',
        );
      expect(await audited()).toEqual([]);
    });

    test('the faults of items: all of a single one, the first of many', async () => {
      const wrong = (n: number) =>
        dossier({ code: CODE(n), documents: Array.from({ length: 60 }, () => ({ nobody: 1 })) });
      await hub.push(wrong(1));
      await hub.push(Array.from({ length: 100 }, (_, n) => wrong(n + 1)));
      await officer.signIn('ops');
      const notes: unknown[] = [];
      for (const { id } of await items('messages')) {
        const { text } = await officer.get(`/console/messages/${id}`);
        notes.push([text.match(/<li><code>/g)?.length, text.match(/và \d+ ghi chú khác/g)?.length]);
      }
      expect(notes).toEqual([
        [1_000, 100],
        [60, undefined],
      ]);
    });

    test('a body appears only on request, since each look is audited; SOAP as readable as JSON, masked', async () => {
      const more = '<h:applicant><h:name>Nguyễn Văn An</h:name><h:phone>0900000001</h:phone></h:applicant>';
      await sendSoap(hub, envelope(pushXml(dossierXml(CODE(1), more))));
      await hub.push(dossier({ code: CODE(2) }));
      await officer.signIn('ops');
      const [{ id: json }] = await items('messages');
      const [{ id: soap }] = await items('messages?door=soap');
      for (const id of [json, soap]) {
        const { text } = await officer.get(`/console/messages/${id}`);
        expect([text.includes('<pre'), text.includes(`/console/messages/${id}/body`)]).toEqual([false, true]);
      }
      expect(await audited()).toEqual([]);
      const plain = async (id: string) =>
        (await officer.get(`/console/messages/${id}/body`)).text
          .match(/<pre[^>]*>([\s\S]*)<\/pre>/)?.[1]
          ?.replaceAll(/<\/?[a-z][^>]*>/g, '')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"');
      expect(await plain(soap)).toMatch(new RegExp(`\\n {8}<h:code>${CODE(1)}</h:code>`));
      expect(await plain(soap)).toContain('N***** V** A*');
      expect(await plain(json)).toContain(`\n  "code": "${CODE(2)}"`);
      expect(await plain(json)).not.toContain('0900000001');
      expect((await audited()).map(([actor, action]: string[]) => [actor, action])).toEqual(
        Array(4).fill(['ops', 'body.read']),
      );
    });

    /** Delivers a dossier, as if its attempt had made this call. */
    async function attemptedWith(url: string): Promise<void> {
      await hub.push(dossier({ code: CODE(1) }));
      await hub.deliver();
      const wire = [
        {
          method: 'POST',
          url,
          status: 200,
          request: '<e:Envelope xmlns:e="urn:e"><e:Body><Password>hunter-2</Password><Ma>1</Ma></e:Body></e:Envelope>',
          reply: '{"error_code":"0"}',
        },
      ];
      const sealed = createVault([HUB_SECRET]).seal(JSON.stringify(wire));
      await hub.hub.database.pool.query('UPDATE attempts SET wire = $1, wire_key = $2', [sealed.bytes, sealed.keyId]);
    }

    test('the calls of each attempt, on request', async () => {
      await attemptedWith('http://portal.test/g?token=abc-def');
      await officer.signIn('ops');
      const [{ id }] = await items('deliveries');
      expect((await officer.get(`/console/deliveries/${id}`)).text).not.toContain('portal.test');
      expect(await audited()).toEqual([]);
      const { text } = await officer.get(`/console/deliveries/${id}/wire`);
      expect(text).toContain('http://portal.test/g?token=***');
      expect(text).toMatch(/\n {4}(<b>)?&lt;Ma/);
      expect(text).toContain('error_code');
      expect(text).not.toMatch(/hunter-2|abc-def/);
      expect((await audited()).map(([, action]: string[]) => action)).toEqual(['body.read']);
    });

    test('the address of a call as it was sent, with the numbers of people masked', async () => {
      const HOST = 'http://portal.test:8080/ho-so';
      await attemptedWith(
        `${HOST}/${CODE(1)}/001099012345?email=an%40example.test&q=0912345678&sig=YWJj==&y=1?2&z=%zz`,
      );
      const [{ id }] = await items('deliveries');
      const shownTo = async (keyId: string): Promise<string> => {
        await officer.signIn(keyId);
        const { text } = await officer.get(`/console/deliveries/${id}/wire`);
        return /http:\/\/portal\.test[^<]*/.exec(text)?.[0].replaceAll('&amp;', '&') ?? '';
      };
      expect(await shownTo('ops-personal')).toBe(
        `${HOST}/${CODE(1)}/001099012345?email=an%40example.test&q=0912345678&sig=YWJj==&y=1?2&z=%zz`,
      );
      expect(await shownTo('ops')).toBe(
        `${HOST}/${CODE(1)}/**********45?email=*************st&q=********78&sig=YWJj==&y=1?2&z=%zz`,
      );
    });

    test('a long list, page by page, with the filter kept', async () => {
      await hub.push(Array.from({ length: 60 }, (_, n) => dossier({ code: CODE(n) })));
      await hub.deliver();
      await officer.signIn('ops');
      const ids = (text: string) => [...text.matchAll(/href="\/console\/deliveries\/(\d+)"/g)].map(([, id]) => id);
      const first = await officer.get('/console/deliveries?party=portal');
      const next = /href="([^"]*cursor=[^"]*)"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&') as string;
      expect(next).toContain('party=portal');
      const second = await officer.get(next);
      expect([ids(first.text).length, ids(second.text).length]).toEqual([50, 10]);
      expect(new Set([...ids(first.text), ...ids(second.text)]).size).toBe(60);
      expect(second.text).toContain('Hết danh sách.');
    });

    test('filters that each officer saved by name, for each list', async () => {
      await officer.signIn('ops');
      const filtered = await officer.get('/console/deliveries?party=portal&state=failed&code=&lang=vi&keys=on');
      expect(filtered.text).toMatch(/name="query" value="party=portal&amp;state=failed"/);
      const named = { list: 'deliveries', query: 'party=portal&state=failed', name: 'Cổng hỏng <b>' };
      const saved = await officer.post('/console/saved-filters', named);
      expect(saved.text).toContain('Đã lưu bộ lọc “Cổng hỏng &lt;b&gt;”.');
      const chip = 'href="/console/deliveries?party=portal&amp;state=failed"';
      expect(saved.text).toMatch(new RegExp(`${chip.replaceAll('?', '\\?')} aria-current="true">Cổng hỏng &lt;b&gt;<`));
      expect(saved.text).not.toContain('Lưu bộ lọc này');
      expect((await officer.get('/console/deliveries')).text).toContain(chip);
      expect((await officer.get('/console/messages')).text).not.toContain(chip);
      const other = officerAt(hub);
      await other.signIn('ops-read');
      expect((await other.get('/console/deliveries')).text).not.toContain(chip);
      const removed = await officer.post('/console/saved-filters/remove', { list: named.list, name: named.name });
      expect(removed.text).toContain('Đã xóa bộ lọc');
      expect(removed.text).not.toContain(chip);
    });

    test('at most 30 saved filters a list; a wrong one changes nothing', async () => {
      const ops = operatorOf(hub);
      const filter = (n: number) => ({ list: 'audit', name: `số ${n}`, query: `actor=${n}` });
      for (let n = 1; n <= 30; n++) expect((await ops.post('saved-filters', filter(n))).status).toBe(201);
      expect((await ops.post('saved-filters', filter(31))).body.detail).toContain('30 saved filters of audit');
      expect((await ops.post('saved-filters', { ...filter(1), query: 'actor=9' })).status).toBe(201);
      expect((await ops.post('saved-filters', { ...filter(1), query: '"><script>' })).status).toBe(400);
      await officer.signIn('ops');
      // The list keeps the filter that was not saved.
      expect((await officer.send('/console/saved-filters', filter(31))).to).toBe('/console/audit?actor=31');
      const { items } = (await ops.get('saved-filters?list=audit')).body;
      expect(items).toHaveLength(30);
      expect(items[0]).toMatchObject({ list: 'audit', name: 'số 1', query: 'actor=9' });
      expect((await ops.post('saved-filters/remove', { list: 'audit', name: 'số 99' })).status).toBe(404);
    });

    test('a dossier’s messages and deliveries, by any of its codes', async () => {
      await hub.push(dossier({ code: CODE(1), aliases: [{ party: 'one-stop', code: 'BN-77' }] }));
      await hub.deliver();
      await officer.signIn('ops');
      const { text } = await officer.get('/console/dossiers?code=bn-77');
      expect(new Set(text.match(/href="\/console\/deliveries\/\d+"/g)).size).toBe(2);
      expect(new Set(text.match(/href="\/console\/messages\/[\w-]+"/g)).size).toBe(1);
    });

    /** Runs it while the database does not answer statements about a code. */
    async function withoutAnswersAbout<T>(code: string, run: () => Promise<T>): Promise<T> {
      const { pool } = hub.hub.database;
      const { query } = pool;
      const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
      pool.query = ((...of: unknown[]) =>
        JSON.stringify(of).includes(code) ? Promise.reject(away) : Reflect.apply(query, pool, of)) as never;
      return run().finally(() => {
        pool.query = query;
      });
    }
    const AWAY = 'Cơ sở dữ liệu không trả lời; hãy thử lại sau ít giây.';

    test('a code that the hub could not read is no unknown code in the work on a list', async () => {
      await aDay();
      await officer.signIn('ops');
      for (const action of ['look-up', 'replay']) {
        const fields = { codes: `${CODE(1)}\n${CODE(2)}\n${CODE(99)}`, action, why: 'gửi lại' };
        const { text } = await withoutAnswersAbout(CODE(2), () => officer.post('/console/bulk', fields));
        const file = decodeURIComponent(/href="data:text\/csv;charset=utf-8,([^"]*)"/.exec(text)?.[1] ?? '');
        const rowOf = (code: string) => file.split('\r\n').filter((row) => row.startsWith(code));
        expect(rowOf(CODE(2))).toEqual([`${CODE(2)};;;;"${AWAY}";`]);
        expect(text.split(AWAY)).toHaveLength(2);
        expect(rowOf(CODE(99))).toEqual([`${CODE(99)};không có trong chỉ mục;;;chưa có lượt chuyển nào;`]);
        expect(rowOf(CODE(1))).toHaveLength(2);
      }
      // The receiver stays chosen, or the next order would go to every party.
      const chosen = { codes: CODE(1), party: 'ministry', action: 'replay' };
      const [unsaid, found] = [
        await officer.post('/console/bulk', chosen),
        await officer.post('/console/bulk', { ...chosen, action: 'look-up', why: 'gửi lại' }),
      ];
      expect([unsaid.status, found.status]).toEqual([400, 200]);
      for (const { text } of [unsaid, found]) expect(text).toMatch(/<option value="ministry" selected>/);
      expect(found.text).toContain('name="why" value="gửi lại"');
      const long = await officer.post('/console/bulk', { codes: 'H'.repeat(201), action: 'look-up' });
      expect(long.text).toContain('Yêu cầu chưa hợp lệ');
      expect(long.text).not.toContain('không có trong chỉ mục');
    });

    test('a draft of a code table that was refused keeps its lines and its reason', async () => {
      await officer.signIn('ops');
      const draft = { party: 'portal', table: 'portal-status', lines: '77 processing', why: 'theo công văn 12' };
      const { status, text } = await officer.post('/console/mappings', draft);
      expect([status, text.includes('>77 processing</textarea>')]).toEqual([400, true]);
      expect(text).toContain('name="why" value="theo công văn 12"');
      const wrong = await officer.post('/console/mappings', { ...draft, lines: '77 = processing\n\n78 = no-such' });
      expect(wrong.text).toContain('Yêu cầu chưa hợp lệ: dòng “78 = no-such” nhận được');
    });

    test('what each delivery of a list carries, because a party gets a dossier and its steps', async () => {
      const routes = ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
        from: 'one-stop',
        operation,
        to: ['ministry'],
      }));
      const both = await testHub({ partners: { ministry }, routes, keys: [...OPERATOR_KEYS] });
      const other = officerAt(both);
      await other.signIn('ops');
      await both.push(dossier({ code: CODE(1) }));
      await both.push(progress({ code: CODE(1) }), { what: 'progress' });
      await both.push(dossier({ code: CODE(1), status: 'resolved', statusAt: '2025-08-20T08:00:00+07:00' }));
      await both.deliver();
      const { text } = await other.post('/console/bulk', { codes: CODE(1), action: 'look-up' });
      const carried = [...text.matchAll(/data-label="Nội dung"><span title="([\w.]+)">([^<]+)</g)].map(
        ([, , word]) => word,
      );
      expect(carried.sort()).toEqual(['hồ sơ', 'tiến độ']);
      // A step is no old version of the dossier.
      const results = [...text.matchAll(/data-label="Tình trạng">([^<]+)</g)].map(([, result]) => result);
      expect(results.sort()).toEqual(['đã chuyển', 'đã chuyển bản mới nhất']);
      await both.close();
    });

    test('a code of several dossiers is none of them in the work on a list', async () => {
      for (const [n, party] of [
        [1, 'one-stop'],
        [2, 'other'],
      ] as const)
        await hub.push(dossier({ code: CODE(n), aliases: [{ party, code: 'BN-77' }] }), { party });
      await hub.deliver();
      await officer.signIn('ops');
      for (const action of ['look-up', 'replay']) {
        const { text } = await officer.post('/console/bulk', { codes: 'BN-77', action, why: 'gửi lại' });
        expect(text).toContain(`là mã của nhiều hồ sơ, hãy ghi một trong: ${CODE(1)}, ${CODE(2)}`);
        expect(text).not.toContain('/console/deliveries/');
      }
    });

    test('a search, a dossier and a delivery that the hub could not read say so', async () => {
      await aDay();
      await officer.signIn('ops');
      const { id } = (await items(`deliveries?code=${CODE(2)}`))[0];
      const [search, whole, delivery] = await withoutAnswersAbout(CODE(2), async () => [
        await officer.get(`/console/search?q=${CODE(2)}`),
        await officer.get(`/console/dossiers?code=${CODE(2)}`),
        await officer.get(`/console/deliveries/${id}`),
      ]);
      expect([search?.status, whole?.status, delivery?.status]).toEqual([503, 200, 200]);
      for (const page of [search, whole, delivery]) expect(page?.text).toContain(AWAY);
      expect(search?.text).not.toContain('Không tìm thấy');
      expect((await officer.get(`/console/search?q=${CODE(2)}`)).to).toBe(`/console/dossiers?code=${CODE(2)}`);
    });

    test('a dossier’s page has only what there is: no heading without content', async () => {
      await hub.push(dossier({ code: CODE(1) }));
      await officer.signIn('ops');
      const headings = ({ text }: { readonly text: string }) =>
        [...text.matchAll(/<h2[^>]*>([^<]*)/g)].map(([, heading]) => heading);
      const known = await officer.get(`/console/dossiers?code=${CODE(1)}`);
      expect(headings(known)).toContain('Thông điệp về hồ sơ');
      expect(headings(known)).not.toContain('Bất thường');
      const unknown = await officer.get('/console/dossiers?code=H60.01-250812-9999');
      expect([unknown.status, headings(unknown)]).toEqual([200, []]);
      expect(unknown.text).toContain('Trục chưa nhận thông điệp nào về mã H60.01-250812-9999.');
      const wrong = await officer.get(`/console/dossiers?code=${'9'.repeat(400)}`);
      expect([wrong.status, headings(wrong)]).toEqual([400, []]);
      expect(wrong.text).toContain('role="alert"');
    });

    test('the message of a receipt, also in the field for a dossier’s code', async () => {
      const { receipt } = await hub.push(dossier({ code: CODE(1) }));
      await hub.push(dossier({ code: CODE(2) }));
      await officer.signIn('ops');
      const { to } = await officer.get(`/console/dossiers?code=${receipt}`);
      expect(to).toBe(`/console/messages?receipt=${receipt}`);
      const { text } = await officer.get(to as string);
      expect(text.match(/href="\/console\/messages\/[\w-]+"/g)).toEqual([`href="/console/messages/${receipt}"`]);
      expect(await items(`messages?receipt=${receipt.toUpperCase()}`)).toMatchObject([{ receipt }]);
      expect(await items('messages?receipt=7')).toEqual([]);
      await hub.deliver();
      const told = { msg: 'attempt', message: receipt, subject: CODE(1), party: 'portal' };
      expect(hub.logLines).toContainEqual(expect.objectContaining(told));
    });

    test('signed evidence of a dossier as a download; a refusal is a page', async () => {
      await hub.push(dossier({ code: CODE(1) }));
      await officer.signIn('ops');
      const [, link = ''] = /href="(\/console\/dossiers\/evidence[^"]*)"/.exec(
        (await officer.get(`/console/dossiers?code=${CODE(1)}`)).text,
      ) ?? ['', ''];
      const file = await officer.get(link);
      expect(['content-type', 'content-disposition', 'cache-control'].map((name) => file.headers.get(name))).toEqual([
        'application/jose',
        `attachment; filename="${CODE(1)}.jws"`,
        'no-store',
      ]);
      const { keys } = (await hub.read('/.well-known/jwks.json')).body;
      expect((await verifyDocument(file.text, keys)).content.dossier.code).toBe(CODE(1));
      expect(await audited()).toEqual([['ops', 'dossier.evidence', null]]);
      const none = await officer.get(link.replace(CODE(1), 'H60.01-250812-9999'));
      expect([none.status, none.text]).toEqual([404, expect.stringContaining('Không tìm thấy')]);
    });

    test('who did what to a party, delivery, run or dossier, with links both ways', async () => {
      await aDay();
      const [{ id }] = await items('deliveries?state=refused');
      await ops.post(`deliveries/${id}/replay`, { why: 'đã sửa' });
      await ops.post('parties/portal/pause', { why: 'bão' });
      const run = (await ops.post('deliveries/replay', { state: 'parked', preview: false, why: 'x' })).body;
      await hub.hub.database.pool.query(
        "INSERT INTO audit (at, actor, action, subject) VALUES (now(), 'x', 'dossier.read-personal', $1)",
        [`dossier ${CODE(1)}`],
      );
      await officer.signIn('ops');
      for (const [path, subject] of [
        [`deliveries/${id}`, `delivery ${id}`],
        ['parties/portal', 'party portal'],
        [`replays/${run.id}`, `run ${run.id}`],
        [`dossiers?code=${CODE(1)}`, `dossier ${CODE(1)}`],
      ] as const) {
        const audit = `/console/audit?${new URLSearchParams({ subject })}`;
        expect((await officer.get(`/console/${path}`)).text).toContain(`href="${audit}"`);
        const { text } = await officer.get(audit);
        expect([subject, text.split(`title="${subject}`).length - 1]).toEqual([subject, 1]);
        expect(text).toContain(`href="/console/${path}"`);
      }
      expect((await officer.get('/console/audit')).text).toContain(`lượt chuyển ${id}: đã đưa vào hàng chờ gửi lại`);
      expect((await officer.get('/console/audit?subject=portal')).text).toContain(
        'Yêu cầu chưa hợp lệ: “Đối tượng” nhận được',
      );
    });

    test('the waiting items of a dossier, and all incidents of a party', async () => {
      await aDay();
      await hub.hub.database.pool.query(
        "INSERT INTO incidents (party, kind, cause, opened_at, closed_at) VALUES ('ministry', 'pull-failed', 'the pull did not end', now(), now())",
      );
      await officer.signIn('ops');
      const causes = (text: string) => new Set(text.match(/href="\/console\/quarantine\/\d+"/g)).size;
      expect(causes((await officer.get(`/console/dossiers?code=${CODE(2)}`)).text)).toBe(1);
      expect(causes((await officer.get(`/console/quarantine?code=${CODE(4)}`)).text)).toBe(1);
      expect(causes((await officer.get(`/console/dossiers?code=${CODE(1)}`)).text)).toBe(0);
      const all = '/console/incidents?party=ministry&amp;state=all';
      expect((await officer.get('/console/parties/ministry')).text).toContain(`href="${all}"`);
      const { text } = await officer.get(all.replace('&amp;', '&'));
      expect(text).toContain('the pull did not end');
      expect(text).toMatch(/<a href="\/console\/incidents\/(\d+)">Sự cố \1<\/a>/);
      expect((await officer.get('/console/incidents?party=portal&state=all')).text).toContain('Không có sự cố.');
    });

    test('failures and the hub’s own faults at a glance; for due deliveries, why they wait', async () => {
      await aDay();
      await hub.push(dossier({ code: CODE(2), status: 'returned', statusAt: '2025-08-16T08:00:00+07:00' }));
      await hub.hub.database.pool.query(
        "INSERT INTO incidents (party, kind, cause, opened_at) VALUES ('hub', 'audit-broken', 'entry 7 was changed', now())",
      );
      await officer.signIn('ops');
      const { text } = await officer.get('/console');
      expect(text).toContain('href="/console/deliveries?state=failed"><strong>1</strong>');
      expect(text).toContain('href="/console/incidents"><strong>1</strong>');
      expect(text).toContain('entry 7 was changed');
      const [failed] = await items('deliveries?state=failed');
      const list = await officer.get('/console/deliveries?state=failed');
      expect(list.text.match(/href="\/console\/deliveries\/\d+"/g)).toEqual([
        `href="/console/deliveries/${failed.id}"`,
      ]);
      const of = async (state: string) => (await items(`deliveries?party=portal&code=${CODE(2)}&state=${state}`))[0];
      const [held, behind] = [await of('held'), await of('due')];
      expect([held.behind, behind.behind]).toEqual([null, held.id]);
      const after = `sau lượt <a href="/console/deliveries/${held.id}">`;
      expect((await officer.get(`/console/deliveries/${behind.id}`)).text).toContain(after);
      expect((await officer.get('/console/deliveries?state=due&party=portal')).text).toContain(after);
    });

    test('text from partners is never more than text', async () => {
      const refused = { kind: 'refused', reason: CANARY, message: CANARY } as const;
      const waits = unmappedCause('portal-status', CANARY, CANARY);
      ministry.script.push(refused, { ...refused, cause: waits });
      await hub.push([1, 2].map((n) => dossier({ code: CODE(n), note: CANARY, serviceName: CANARY })));
      await hub.push(dossier({ code: CODE(3), status: CANARY, serviceCode: CANARY, [CANARY]: 1 }));
      const soap = `<h:note>${CANARY.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</h:note>`;
      await sendSoap(hub, envelope(pushXml(dossierXml(CODE(4), soap))));
      await hub.deliver();
      await hub.hub.database.pool.query(
        'INSERT INTO incidents (party, kind, cause, opened_at) VALUES ($1, $2, $3, now())',
        ['ministry', CANARY, CANARY],
      );
      await ops.post('parties/portal/pause', { why: CANARY });
      await officer.signIn('ops-personal');
      const bodies = (await items('messages')).map(({ id }: { id: string }) => `/messages/${id}/body`);
      const deliveries = (await items('deliveries')).map(({ id }: { id: string }) => `/deliveries/${id}/wire`);
      const causes = (await items('quarantine')).map(({ id }: { id: string }) => `/quarantine/${id}`);
      expect(causes.length).toBeGreaterThan(0);
      const asked = [
        'dossiers?code',
        'deliveries?reason',
        'messages?door',
        'sign-in?next',
        'audit?actor',
        'code-tables?party',
        'mappings?party',
        'mappings/table?party=portal&table',
        'code-tables/preview?party=one-stop&table=national-status&from=77&to',
      ];
      const echoes = asked.map((one) => `/${one}=${encodeURIComponent(CANARY)}`);
      let met = 0;
      for (const path of [...SCREENS, ...OF_PARTIES, ...bodies, ...deliveries, ...causes, ...echoes]) {
        const { text } = await officer.get(`/console${path}`);
        expect([path, /<script(?! type="module" src="\/pages\/)|<img|onerror=alert\(2\)>/.exec(text)]).toEqual([
          path,
          null,
        ]);
        if (text.includes('&lt;script&gt;')) met++;
      }
      expect(met).toBeGreaterThan(12);
    });

    test('no secret, in no page, address, cookie or log', async () => {
      await aDay();
      const pages = [await officer.signIn('ops', 'guessed-secret-of-the-tests'), await officer.signIn('ops')];
      const sent = await officer.send('/console/parties/portal/pause', { why: 'x' });
      for (const path of [...SCREENS, ...OF_PARTIES]) pages.push(await officer.get(`/console${path}`));
      const said = JSON.stringify([
        pages.map(({ text, to }) => [text, to]),
        sent.to,
        [...officer.cookies],
        hub.logLines,
      ]);
      expect(said).not.toMatch(/secret-of-the-tests|a-secret-of/);
      expect(JSON.stringify(hub.logLines)).not.toContain(officer.cookies.get('lienthong-console'));
    });
  });
});

describe('the console of an empty hub', () => {
  let hub: TestHub;
  let officer: Officer;
  beforeAll(async () => {
    hub = await testHub({ keys: [...OPERATOR_KEYS] });
    officer = officerAt(hub);
    await officer.signIn('ops');
  });
  afterAll(() => hub.close());

  test.each(SCREENS)('says in words that nothing exists: /console%s', async (path) => {
    const { status, text } = await officer.get(`/console${path}`);
    expect([status, /role="alert"/.exec(text)]).toEqual([200, null]);
    expect(withoutTokens(text)).not.toMatch(/undefined|\[object|NaN/);
  });

  test('the dossiers of a number have the names of a catalogue that came after them', async () => {
    const agencies = seedOf('agencies').filter(({ code }) => code === 'H60.163');
    const services = seedOf('services').slice(0, 1);
    const source = catalogueSource({ agencies, services });
    const other = await testHub({ partners: { source }, keys: [...OPERATOR_KEYS] });
    try {
      const { code: serviceCode, name: serviceName } = services[0] as { code: string; name: string };
      const named = { agencyName: 'Tên cơ quan của một cửa', serviceName: 'Tên thủ tục của một cửa' };
      await other.push(dossier({ agencyCode: 'H60.163', serviceCode, ...named }));
      await pullCatalogue(other);
      const visitor = officerAt(other);
      await visitor.signIn('ops');
      const { text } = await visitor.get(
        '/console/statistics/dossiers?period=2025&by=agency&column=received&key=H60.163',
      );
      const table = '/console/statistics?period=2025&by=agency&level=commune&sort=received&order=desc';
      const numbers = (await visitor.get(table)).text.match(/statistics\/dossiers\?[^"]*column=received[^"]*/g) ?? [];
      expect(numbers.length).toBeGreaterThan(0);
      const behind = await visitor.get(`/console/${numbers[0]?.replaceAll('&amp;', '&')}`);
      expect(behind.text).toMatch(/href="\/console\/statistics\?[^"]*level=commune&amp;sort=received&amp;order=desc">/);
      expect(text).not.toMatch(/>chưa có trong danh mục<|của một cửa/);
      expect(text).toContain(serviceName);
      expect(text).toContain('tiếp nhận · Ủy ban nhân dân xã Bạch Đích</span>');
      expect(text).toContain('<span lang="vi">Ủy ban nhân dân xã Bạch Đích</span> <code class="note">H60.163</code>');
    } finally {
      await other.close();
    }
  });

  test.each([
    'due?within=overdue',
    'deliveries?code=X-1',
    'records?kind=petition',
    'incidents?state=all',
    'quarantine?code=X-1',
  ])('an empty list behind a filter says that the filter may hide the rest: %s', async (path) => {
    const hint = 'Hãy bớt điều kiện lọc hoặc bấm “Bỏ lọc”.';
    expect((await officer.get(`/console/${path}`)).text).toContain(hint);
    const [list] = path.split('?');
    expect((await officer.get(`/console/${list}?lang=vi`)).text).not.toContain(hint);
  });

  test('a filter finds an agency by its name too, and says so when a name fits none or several', async () => {
    const agencies = seedOf('agencies').filter(({ code }) => /^H60[.]16\d$/.test(code as string));
    const other = await testHub({ partners: { source: catalogueSource({ agencies }) }, keys: [...OPERATOR_KEYS] });
    try {
      await other.push(dossier({ agencyCode: 'H60.163', dueAt: '2025-08-13T17:00:00+07:00' }));
      await pullCatalogue(other);
      const visitor = officerAt(other);
      await visitor.signIn('ops');
      const found = async (agency: string) =>
        (await visitor.get(`/console/due?within=overdue&agency=${encodeURIComponent(agency)}`)).text;
      for (const typed of ['H60.163', 'h60.163', 'Ủy ban nhân dân xã Bạch Đích', 'xa bach dich'])
        expect(await found(typed), typed).toContain('dossiers?code=');
      const note = (text: string) => /id="agency-note">([^<]*)</.exec(text)?.[1];
      expect(note(await found('xã Không Có'))).toBe('Không có cơ quan đang hoạt động nào mang tên hoặc mã này.');
      expect(note(await found('Ủy ban nhân dân xã'))).toMatch(/^\d+ cơ quan phù hợp, hãy ghi một mã: .*\(H60[.]16\d\)/);
      await other.push(petition({ code: 'PA-9' }), { what: 'petitions' });
      const path = '/console/records/petition/PA-9';
      const order = { order: 'assign', agencyCode: 'xã Bạch Đích', version: '1', why: 'đúng địa bàn' };
      expect((await visitor.post(path, order)).text).toContain('<code class="note">H60.163</code>');
    } finally {
      await other.close();
    }
  });

  test('an outage of the database is explained, not shown as a fault of the hub', async () => {
    const { pool } = hub.hub.database;
    const { query } = pool;
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    pool.query = (() => Promise.reject(away)) as never;
    const screen = await officer.get('/console');
    const guest = await officerAt(hub, '203.0.113.9').signIn('ops');
    const answer = { order: 'answer', text: 'Nộp tại <bộ phận> một cửa.' };
    const order = await officer.send('/console/records/question/CH-1', answer, { 'Sec-Fetch-Site': 'same-origin' });
    pool.query = query;
    expect([order.status, order.text]).toEqual([
      503,
      expect.stringContaining('>Nộp tại &lt;bộ phận&gt; một cửa.</textarea>'),
    ]);
    expect(screen.text).toContain('Cơ sở dữ liệu không trả lời; hãy thử lại sau ít giây.');
    expect([guest.status, guest.headers.get('retry-after')]).toEqual([503, '5']);
    expect(guest.text).toContain('Cơ sở dữ liệu không trả lời; hãy thử lại sau ít giây.');
    expect(hub.logLines.filter(({ msg }) => msg === 'failed')).toEqual([]);
    expect((await officerAt(hub).signIn('ops')).status).toBe(200);
  });

  test('an internal error is shown as one, and is in the log', async () => {
    const { pool } = hub.hub.database;
    const { query } = pool;
    pool.query = (() => Promise.reject(new TypeError('no such thing'))) as never;
    const guest = await officerAt(hub, '203.0.113.9').signIn('ops');
    pool.query = query;
    expect([guest.status, guest.text.includes('Lỗi đã được ghi lại')]).toEqual([500, true]);
    expect(hub.logLines).toContainEqual(expect.objectContaining({ msg: 'failed', where: 'GET /console' }));
  });
});

function sealedIn(cookie: string): { readonly keyId: number; readonly bytes: Buffer } {
  const [keyId = '', bytes = ''] = cookie.split('.');
  return { keyId: Number(keyId), bytes: Buffer.from(bytes, 'base64url') };
}
