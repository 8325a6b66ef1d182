import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInBrowser, type ServedHub, serveToBrowser } from '../support/browser.ts';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { NO, OPERATOR_KEYS, partnerWithTable } from '../support/operator.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const WIDTHS = [1280, 390];

describeInBrowser(() => {
  let hub: TestHub;
  let ministry: Partner;
  let served: ServedHub;
  let url: string;
  let browser: Browser;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    ministry = testPartner();
    hub = await testHub({
      partners: { portal: partnerWithTable(), ministry },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'ministry'] }],
      keys: [...OPERATOR_KEYS],
    });
    ministry.script.push(NO);
    await hub.push(dossier({ code: CODE(1) }));
    // A claim of another party, and dossiers that an upgrade would have listed.
    await hub.push(dossier({ code: CODE(1), status: 'returned', statusAt: '2025-08-13T08:00:00+07:00' }), {
      party: 'other',
    });
    await hub.hub.database.pool.query(
      "INSERT INTO doubtful_dossiers (code, kind, party) VALUES ($1, 'moved-by-another', 'other'), ($1, 'far-ahead', 'one-stop')",
      [CODE(1)],
    );
    await hub.push(dossier({ code: CODE(2), status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00' }));
    await hub.deliver();
    hub.clock.nowMs += 10_000;
    served = await serveToBrowser(hub);
    ({ url, browser } = served);
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.on('pageerror', (error) => troubles.push(error.message));
    // Violations of a page's content policy are collected here.
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
  });
  afterAll(() => served?.close());

  async function shoot(name: string): Promise<void> {
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/console-${name}.png`, fullPage: true });
  }

  test('an officer signs in by the keyboard alone, and lands on the wanted page', async () => {
    await page.goto(`${url}/console/deliveries?state=refused`);
    // The browser focuses the field a moment after the page appears; an officer types when the cursor blinks.
    await page.locator('input[name=id]:focus').waitFor();
    await page.keyboard.type('ops');
    await page.keyboard.press('Tab');
    await page.keyboard.type('ops-secret-of-the-tests');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Lượt chuyển' }).waitFor();
    expect(page.url()).toBe(`${url}/console/deliveries?state=refused`);
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  test('sees why a delivery was refused, and replays it', async () => {
    await page.getByRole('rowheader').getByRole('link').click();
    await page.getByText('TenTTHC is too long').first().waitFor();
    await page.getByLabel('Lý do (nếu có)').fill('bộ đã nới trường');
    await page.getByRole('button', { name: 'Chuyển lại' }).click();
    await page.getByRole('status').getByText('Đã xếp hàng gửi lại').waitFor();
    await hub.deliver();
    await page.reload();
    await page.getByRole('heading', { name: 'Lần 2 đã chuyển' }).waitFor();
    expect(await page.getByText('Đã xếp hàng gửi lại').count()).toBe(0);
    expect(ministry.sent.filter(({ code }) => code === CODE(1))).toHaveLength(2);
    await shoot('delivery');
  });

  test('settles items that wait for an unmapped code', async () => {
    await page.getByRole('link', { name: 'Chờ xử lý' }).click();
    await page.getByRole('rowheader').getByRole('link').click();
    await page.getByText('unmapped:portal-status:resolved').first().waitFor();
    await shoot('cause');
    await page.locator('input[name=to][value="9"]').check();
    await page.getByRole('textbox', { name: 'Lý do' }).first().fill('theo bảng mã của cổng');
    await page.getByRole('button', { name: 'Gán mã và gỡ' }).click();
    await page.getByRole('status').getByText('Đã gỡ 1 mục, còn chờ 0.').waitFor();
    await page.getByText('Không có gì chờ xử lý.').waitFor();
    await page.getByRole('link', { name: 'Nhật ký' }).click();
    await page.getByText('theo bảng mã của cổng').waitFor();
    await page.getByText('bộ đã nới trường').waitFor();
  });

  test.each([900, 800, 600])('sees the way out beside the menu in a window %i px high', async (height) => {
    await page.setViewportSize({ width: 1280, height });
    await page.goto(`${url}/console`);
    const box = await page.getByRole('button', { name: 'Đăng xuất' }).boundingBox();
    expect(box && box.y > 0 && box.y + box.height).toBeLessThanOrEqual(height);
    // The last page of the menu comes into sight by scrolling the menu alone.
    const last = page.getByRole('link', { name: 'Nhật ký', exact: true });
    await last.scrollIntoViewIfNeeded();
    await last.click({ trial: true });
    expect(await page.evaluate('document.querySelector("header").scrollTop + scrollY')).toBe(0);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/menu-${height}.png` });
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('reads it in English; another site gets only the sign-in page, and so does a signed-out officer', async () => {
    await page.goto(`${url}/console/audit`);
    await page.getByRole('link', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Audit' }).waitFor();
    // A form of another site: the browser sends no cookie with it, and names the form's site.
    const evil = await page.context().newPage();
    await evil.setContent(
      `<form method="post" action="${url}/console/parties/portal/pause"><input name="why" value="x"><button>Go</button></form>`,
    );
    await evil.getByRole('button').click();
    await evil.getByText('Nothing was done').or(evil.getByText('Yêu cầu không được thực hiện')).first().waitFor();
    await evil.close();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Signed out.').waitFor();
    await page.goto(`${url}/console/audit`);
    expect(page.url()).toContain('/console/sign-in');
    expect(troubles.filter((one) => !one.includes('403'))).toEqual([]);
  });

  test('every screen fits a desktop and a phone, with a low header and named fields', async () => {
    await page.goto(`${url}/console?lang=vi`);
    await page.getByLabel('Tên đăng nhập').fill('ops');
    await page.getByLabel('Mật khẩu').fill('ops-secret-of-the-tests');
    await page.getByRole('button', { name: 'Đăng nhập' }).click();
    await page.getByRole('heading', { name: 'Tổng quan' }).waitFor();
    const screens = [
      '?refresh=off',
      '/deliveries',
      '/messages',
      '/quarantine',
      '/anomalies',
      '/code-tables?party=portal',
      '/mappings',
      '/mappings/table?party=portal&table=portal-status',
      '/audit',
    ];
    screens.push('/code-tables/preview?party=one-stop&table=national-status&from=77&to=processing');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of [
        ...screens,
        '/parties/portal',
        '/parties/portal/backfill',
        '/parties/portal/compared?with=ministry',
        '/replays/new?state=delivered',
        `/dossiers?code=${CODE(1)}`,
      ]) {
        await page.goto(`${url}/console${path}`);
        const seen = await page.evaluate<{ width: number; header: boolean; nameless: string[] }>(`({
          width: document.documentElement.scrollWidth,
          header: window.innerWidth > 600 || document.querySelector('header').offsetHeight <= 64,
          nameless: [...document.querySelectorAll('main input:not([type=hidden]), main select')]
            .filter((field) => field.labels.length === 0 && !field.ariaLabel).map((field) => field.name),
        })`);
        expect([path, width, seen]).toEqual([path, width, { width, header: true, nameless: [] }]);
        await shoot(`${width}-${path.replaceAll(/[^a-z]+/g, '-').replace(/^-|-$/g, '') || 'overview'}`);
      }
    }
  });
});
