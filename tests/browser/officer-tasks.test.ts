import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeInBrowser, type ServedHub, serveToBrowser } from '../support/browser.ts';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { OPERATOR_KEYS, partnerWithTable } from '../support/operator.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const AWAY = { kind: 'unavailable', reason: 'econnrefused', message: 'refused' } as const;
const TITLES = { portal: 'Cổng Dịch vụ công', ministry: 'Hệ thống của Bộ' };
const LANGUAGES = ['vi', 'en'] as const;
/** The most bytes of a page of the console, without compression. */
const MOST_BYTES = 120 * 1024;

/** What officers do every day, as they do it the first time: in clicks, in both languages. */
describeInBrowser(() => {
  let hub: TestHub;
  let portal: ReturnType<typeof partnerWithTable>;
  let ministry: Partner;
  let served: ServedHub;
  let url: string;
  let browser: Browser;
  let page: Page;
  let clicks = 0;
  const troubles: string[] = [];
  /** An error on the page that belongs to the test, however late it is logged. */
  let expected: string | undefined;

  beforeAll(async () => {
    portal = partnerWithTable();
    ministry = testPartner();
    hub = await testHub({
      partners: { portal, ministry, source: catalogueSource({ agencies: seedOf('agencies') }) },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'ministry'] }],
      keys: [...OPERATOR_KEYS],
      entries: { portal: { title: TITLES.portal }, ministry: { title: TITLES.ministry } },
    });
    served = await serveToBrowser(hub);
    ({ url, browser } = served);
    await pullCatalogue(hub);
    ministry.script.push(AWAY);
    await hub.push(dossier({ code: CODE(1), dueAt: '2025-08-13T17:00:00+07:00' }));
    for (const n of [2, 3])
      await hub.push(dossier({ code: CODE(n), status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00' }));
    await hub.push(dossier({ code: 'H60.05-250812-0009', agencyCode: 'H60.05', agencyName: 'Sở Tư pháp' }));
    for (const [n, agencyCode] of ['H60.101', 'H60.102', 'H60.102'].entries())
      await hub.push(
        dossier({
          code: `${agencyCode}-250812-000${n}`,
          agencyCode,
          dueAt: '2025-08-13T17:00:00+07:00',
          status: 'resolved',
          statusAt: '2025-08-14T08:00:00+07:00',
        }),
      );
    await hub.deliver();
    await hub.hub.database.pool.query(
      "INSERT INTO incidents (party, kind, cause, opened_at) VALUES ('ministry', 'partner-away', 'no answer', '2025-08-21T08:05:00+07:00')",
    );
  });
  afterAll(() => served?.close());

  const click = async (name: string | RegExp, role: 'link' | 'button' | 'radio' = 'link'): Promise<void> => {
    clicks++;
    await page.getByRole(role, { name }).first().click();
  };

  /** Presses Tab until this element has the focus. */
  async function tabTo(selector: string): Promise<void> {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
    }
    throw new Error(`80 presses of Tab do not reach ${selector}`);
  }

  async function signIn(language: (typeof LANGUAGES)[number], width = 1280): Promise<void> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, acceptDownloads: true });
    page = await context.newPage();
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
    await page.goto(`${url}/console/sign-in?lang=${language}`);
    await page.locator('input[name=id]').fill('ops');
    await page.locator('input[name=secret]').fill('ops-secret-of-the-tests');
    await page.locator('main form button').click();
    await page.locator('#live').waitFor();
    clicks = 0;
  }
  afterEach(async () => {
    await page.context().close();
    const unexpected = troubles.splice(0).filter((one) => expected === undefined || !one.includes(expected));
    expected = undefined;
    expect(unexpected).toEqual([]);
  });

  describe.each(LANGUAGES)('in the language %s', (language) => {
    const say = (vietnamese: string, english: string): string => (language === 'vi' ? vietnamese : english);
    beforeEach(() => signIn(language));

    test('is any partner down and since when: no click', async () => {
      const down = page.locator('.tasks li', { hasText: TITLES.ministry });
      await down.getByText(say('không liên lạc được', 'partner unreachable')).waitFor();
      expect(await down.textContent()).toContain('21/08/2025 08:05:00');
      expect(clicks).toBe(0);
    });

    test('why is this dossier late and whose turn is it: the key / and its code, then the attempt in one click', async () => {
      await page.keyboard.press('/');
      await page.keyboard.type(CODE(1));
      await page.keyboard.press('Enter');
      const turns = page.locator('.turns');
      await turns.getByText(say('quá hạn', 'overdue')).waitFor();
      await turns.getByText(`${TITLES.ministry} ${say('chưa nhận được', 'has not received it')}`).waitFor();
      await click(
        new RegExp(`${TITLES.ministry}.*${say('máy chủ từ chối kết nối', 'the server refuses the connection')}`),
      );
      await page.getByRole('heading', { name: say('Lần 1', 'Attempt 1') }).waitFor();
      expect(page.url()).toContain('#attempt-1');
      expect(clicks).toBeLessThanOrEqual(3);
    });

    test('which commune is worst this quarter and show its dossiers: at most three clicks', async () => {
      await click(say('Thống kê', 'Statistics'));
      await click(say('Cấp xã', 'Commune'));
      const first = page.locator('table.report tbody tr').first();
      await page.locator('.tabs [aria-current]', { hasText: say('Cấp xã', 'Commune') }).waitFor();
      await first.getByText('Ủy ban nhân dân phường Minh Xuân').waitFor();
      clicks++;
      await first.locator('td a').first().click();
      await page.getByRole('heading', { name: say('Hồ sơ của một số liệu', 'The dossiers of a number') }).waitFor();
      expect(await page.locator('main table tbody tr').count()).toBe(2);
      expect(clicks).toBeLessThanOrEqual(3);
    });

    test('erase the data of one person: a preview says what goes and what stays, then a reason', async () => {
      const code = CODE(language === 'vi' ? 11 : 12);
      const applicant = { kind: 'citizen', name: 'Trần Thị Hồng Hạnh', identityNumber: `00118800000${code.at(-1)}` };
      await hub.push(dossier({ code, applicant, status: 'returned', statusAt: '2025-08-14T08:00:00+07:00' }));
      await hub.push(dossier({ code: `${code}9`, applicant }));
      await hub.deliver();
      await page.goto(`${url}/console/retention`);
      await click(say('Xóa dữ liệu của một người', 'Erase the data of one person'));
      await page.locator('input[name=identityNumber]').fill(applicant.identityNumber);
      await page.locator('input[name=why]').fill('Đơn số 12/2026');
      await click(say('Xem trước', 'Preview'), 'button');
      await page.getByRole('rowheader').getByText(code, { exact: true }).waitFor();
      await page.getByText(say('chưa kết thúc', 'not ended'), { exact: true }).waitFor();
      await page.getByRole('main').getByText('one-stop', { exact: true }).waitFor();
      expect(page.url()).not.toContain(applicant.identityNumber);
      await page.locator('input[name=why]').fill('Đơn số 12/2026');
      await click(say('Xóa như bản xem trước', 'Erase as the preview shows'), 'button');
      await page.getByRole('status').getByText(say('khỏi 1 hồ sơ', 'from 1 dossier or record')).waitFor();
      expect(page.url()).toBe(`${url}/console/retention`);
      expect((await hub.read(`/api/v1/dossiers/${code}`)).body.freshness.erasedAt).toEqual(expect.any(String));
    });

    test('state the cause and the action of an incident by the keyboard alone, and find them in the report', async () => {
      const [cause, action] = [
        say('Đứt cáp quang', 'A cut fibre'),
        say('Đổi sang đường dự phòng', 'The spare line is in use'),
      ];
      await page.goto(`${url}/console/incidents`);
      await tabTo('main table a[href^="/console/incidents/"]');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: say('Nguyên nhân và biện pháp xử lý', 'Cause and action') }).waitFor();
      await tabTo('textarea[name=cause]');
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(cause);
      await tabTo('textarea[name=measures]');
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(action);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page
        .getByRole('status')
        .getByText(say('Đã ghi; báo cáo sự cố', 'Stored. The report of incidents'))
        .waitFor();
      for (const text of [cause, action]) await page.locator('main table td', { hasText: text }).first().waitFor();
      await tabTo('a[href^="/console/reports/incidents?"]');
      await page.keyboard.press('Enter');
      const row = page.locator('table.report tbody tr', { hasText: action });
      await row.getByText(cause).waitFor();
      expect(clicks).toBe(0);
    });

    test('re-deliver a pasted list and get the result: at most four clicks', async () => {
      await click(say('Theo danh sách mã', 'List of codes'));
      await page.locator('textarea[name=codes]').fill(`${CODE(1)}\n${CODE(2)}, H60.01-250812-9999`);
      await page.locator('input[name=why]').fill('bên nhận đã sửa');
      await click(say('Chuyển lại các mã này', 'Re-deliver these codes'), 'button');
      await page.getByText(say('3 hồ sơ', '3 dossiers')).waitFor();
      const loading = page.waitForEvent('download');
      await click(say('Tải kết quả (CSV)', 'Download the result (CSV)'));
      const stream = await (await loading).createReadStream();
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const lines = Buffer.concat(chunks).toString().trim().split('\n');
      expect(lines).toHaveLength(6);
      expect(lines[0]).toContain(say('Kết quả chuyển lại', 'Result of the re-delivery'));
      expect(lines.filter((line) => line.includes(TITLES.portal))).toHaveLength(2);
      expect(lines.at(-1)).toContain(say('không có trong chỉ mục', 'not in the index'));
      expect(clicks).toBeLessThanOrEqual(4);
    });

    // Every page in Vietnamese: every-page.test.ts.
    test.runIf(language === 'en')('no page of the tasks has a finding of axe, or weighs too much', async () => {
      for (const path of [
        '',
        `/dossiers?code=${CODE(1)}`,
        '/bulk',
        '/statistics',
        '/search?q=h',
        '/parties/ministry',
        '/deliveries',
      ]) {
        const response = await page.goto(`${url}/console${path}`);
        expect([path, ((await response?.body())?.length ?? 0) < MOST_BYTES]).toEqual([path, true]);
        await page.evaluate(axe.source);
        const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
        const serious = violations.filter(({ impact }) => impact !== 'minor');
        expect(serious.map(({ id, nodes }) => `${path}: ${id} ${nodes[0]?.html}`)).toEqual([]);
      }
    });
  });

  test.each([
    { language: 'vi', status: 'resolved', many: 5 },
    { language: 'en', status: 'withdrawn', many: 2 },
  ] as const)(
    'free all dossiers that wait for one code, in $language: at most four clicks, and by the keyboard',
    async ({ language, status, many }) => {
      const say = (vietnamese: string, english: string): string => (language === 'vi' ? vietnamese : english);
      for (const n of status === 'withdrawn' ? [21, 22] : []) await hub.push(dossier({ code: CODE(n), status }));
      await hub.deliver();
      await signIn(language);
      await click(
        say(
          `Mã ${status} chưa có trong bảng mã “Trạng thái hồ sơ”: ${many} hồ sơ chờ`,
          `Code ${status} is not in the code table “Statuses of dossiers”: ${many} waiting`,
        ),
      );
      await page.getByText(say(`Gỡ ${many} hồ sơ:`, `Dossiers that this frees: ${many}.`)).waitFor();
      // The key m leads to the meanings, space chooses one.
      await page.keyboard.press('m');
      await page.keyboard.press('Space');
      const reason = page.getByRole('textbox', { name: say('Lý do', 'Reason') }).first();
      await reason.fill(say('theo bảng mã của cổng', 'by the code table of the portal'));
      await click(say(`Gán mã và gỡ ${many} mục`, `Map and release ${many}`), 'button');
      const told = page.getByRole('status').getByText(say(`Đã gỡ ${many} mục`, `${many} released`));
      await told.waitFor();
      expect(clicks).toBeLessThanOrEqual(4);
    },
  );

  test('the overview changes by itself, but not under the keyboard', async () => {
    await signIn('vi');
    await hub.hub.database.pool.query("UPDATE incidents SET closed_at = now() WHERE kind = 'partner-away'");
    await page.getByText('Cả 5 bên kết nối đang hoạt động tốt.').waitFor();
  });

  test('without a stream the overview reads itself every 30 seconds', async () => {
    expected = '429';
    await signIn('vi');
    await page.route('**/console/live', (route) => route.fulfill({ status: 429, headers: { 'Retry-After': '30' } }));
    await page.clock.install();
    await page.reload();
    const readAt = page.locator('#live > .note').first();
    const before = await readAt.textContent();
    hub.clock.nowMs += 60_000;
    await expect
      .poll(async () => {
        await page.clock.fastForward(30_000);
        return readAt.textContent();
      })
      .not.toBe(before);
  });
});
