import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Service } from '#schemas/service.upsert.v1';
import { describeInBrowser, type ServedHub, serveToBrowser } from '../support/browser.ts';
import { AFTER_RECEIPT, dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import { payment, postalOrder, question } from '../support/kinds.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';

const CODE = 'H60.01-250812-0035';

/** Another fee, another paper with a long name, reworded steps, a longer term. */
function changed(service: Service): Record<string, unknown> {
  const { channels = [], cases = [], ...rest } = structuredClone(service);
  const [, online] = channels;
  const [term] = online?.terms ?? [];
  if (term) Object.assign(term, { amount: 2, text: '2 Ngày làm việc' });
  if (term?.fees?.[1]) Object.assign(term.fees[1], { amountVnd: 5_000, text: '5.000 đồng' });
  cases[0]?.components?.splice(1, 0, {
    name: 'Văn bản xác nhận của người làm chứng về việc sinh, hoặc giấy cam đoan về việc sinh có chữ ký của hai người',
    originals: 1,
    copies: 2,
  });
  if (cases[0]?.steps) cases[0].steps[1] = `${cases[0].steps[1]} Việc hướng dẫn được ghi thành phiếu.`;
  return { ...rest, channels, cases, onlinePayment: true };
}

describeInBrowser(() => {
  let hub: TestHub;
  let served: ServedHub;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    const services = [...seedOf('services')];
    const records = { services, fields: seedOf('fields'), agencies: seedOf('agencies') };
    hub = await testHub({ partners: { source: catalogueSource(records) }, nowMs: AFTER_RECEIPT });
    await pullCatalogue(hub);
    services[0] = changed(services[0] as unknown as Service);
    await pullCatalogue(hub);
    const known = {
      serviceCode: '1.001193.000.00.00.H60',
      serviceName: 'Thủ tục đăng ký khai sinh',
      fieldName: 'Hộ tịch',
      agencyName: 'Ủy ban nhân dân phường Minh Xuân',
      processingUnit: 'Bộ phận Tư pháp – Hộ tịch',
      submittedAt: '2025-08-11T21:04:00+07:00',
    };
    await hub.push([
      dossier({ ...known, status: 'processing', statusAt: '2025-08-12T08:20:00+07:00' }),
      dossier({
        ...known,
        code: 'H60.01-250812-0036',
        status: 'supplement-required',
        statusAt: '2025-08-12T08:25:00+07:00',
        dueAt: '2025-08-11T17:00:00+07:00',
      }),
      dossier({ ...known, code: 'H60.01-250812-0037', status: 'stopped', statusAt: '2025-08-12T08:25:00+07:00' }),
    ]);
    const resolved = { status: 'resolved', statusAt: '2025-08-12T08:25:00+07:00' };
    await hub.push(['0041', '0042'].map((end) => dossier({ ...known, ...resolved, code: `H60.01-250812-${end}` })));
    for (const end of ['0041', '0042']) {
      const dossierCode = `H60.01-250812-${end}`;
      const payUrl = 'https://pay.example.test/a';
      const stateAt = '2025-08-12T08:25:00+07:00';
      const steps = [{ at: '2025-08-12T08:20:00+07:00', status: 'Đã nhận gửi' }];
      await hub.push(payment({ code: `TT-${end}`, dossierCode, state: 'initiated', stateAt, payUrl }), {
        what: 'payments',
      });
      const paid = { state: 'paid', stateAt, receiptUrl: 'https://pay.example.test/receipt' };
      await hub.push(payment({ code: `TP-${end}`, dossierCode, ...paid }), { what: 'payments' });
      await hub.push(postalOrder({ code: `BC-${end}`, dossierCode, stateAt, waybill: 'EA123456789VN', steps }), {
        what: 'postal-orders',
      });
    }
    // A citizen and an officer may write an address without a place to break it.
    const address = `https://dichvucong.example.vn/${'huongdan'.repeat(12)}`;
    const answers = [{ at: '2025-08-12T08:20:00+07:00', content: `Xem ${address}` }];
    const asked = { stateAt: '2025-08-12T08:25:00+07:00', content: `Ở ${address}?` };
    await hub.push(question({ state: 'published', ...asked, answers }), { what: 'questions' });
    served = await serveToBrowser(hub);
    ({ url, browser } = served);
  });
  afterAll(() => served?.close());

  /** Uses a page like a citizen; nothing may come from elsewhere, break its policy or be wider than the screen. */
  async function onScreen(width: number, use: (page: Page, look: (name: string) => Promise<void>) => Promise<void>) {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on(
      'console',
      (message) => message.text().includes('Content Security Policy') && complaints.push(message.text()),
    );
    page.on('request', (request) => /^(?:data:|http:\/\/127)/.test(request.url()) || complaints.push(request.url()));
    const look = async (name: string): Promise<void> => {
      const folder = process.env.SCREENSHOTS;
      if (folder) await page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: true });
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
    };
    await use(page, look);
    expect(complaints).toEqual([]);
    await page.close();
  }

  /** On a phone the links are in a menu. */
  async function followLink(page: Page, name: string): Promise<void> {
    const menu = page.getByRole('button', { name: 'Menu' });
    if (await menu.isVisible()) await menu.click();
    await page.getByRole('banner').getByRole('link', { name, exact: true }).click();
  }

  test('on a phone the header is at most 64 px high, and its menu opens', async () => {
    await onScreen(390, async (page, look) => {
      await page.goto(url);
      const height = await page.evaluate('document.querySelector("header").offsetHeight');
      expect(height).toBeLessThanOrEqual(64);
      const statistics = page.getByRole('banner').getByRole('link', { name: 'Thống kê' });
      expect(await statistics.isVisible()).toBe(false);
      await page.getByRole('button', { name: 'Menu' }).click();
      await look('menu');
      // A long menu, as that of the console, leaves no other place to press.
      await page.getByRole('button', { name: 'Đóng' }).click();
      expect(await statistics.isVisible()).toBe(false);
      await page.getByRole('button', { name: 'Menu' }).click();
      await statistics.click();
      await page.getByRole('heading', { name: 'Thống kê' }).waitFor();
    });
  });

  test.each([1280, 360])('at %i px a dossier is looked up by the keyboard alone', async (width) => {
    await onScreen(width, async (page, look) => {
      await page.goto(url);
      await look('look-up');
      await page.getByLabel('Mã hồ sơ').focus();
      await page.keyboard.type(CODE.toLowerCase());
      await page.keyboard.press('Tab');
      await page.keyboard.type('0002');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      // Shows the input unchanged, so that a typing mistake is visible.
      expect(await page.getByLabel('Mã hồ sơ').inputValue()).toBe(CODE);
      expect(await page.getByLabel('4 số cuối').inputValue()).toBe('');
      await look('look-up-none');
      await page.getByLabel('4 số cuối').fill('0001');
      await page.keyboard.press('Enter');
      await page.getByText('trong hạn, còn 6 ngày làm việc').waitFor();
      expect(await page.locator('[aria-current="step"]').textContent()).toContain('Đang xử lý');
      expect(page.url()).toBe(`${url}/`);
      await look('dossier');
      await followLink(page, 'English');
      await page.getByRole('heading', { name: 'Look up a dossier' }).waitFor();
      for (const [end, says] of [
        ['0036', 'overdue by less than half a working day'],
        ['0037', 'Stopped'],
      ]) {
        await page.getByLabel('Dossier code').fill(`H60.01-250812-${end}`);
        await page.getByLabel('Last four digits').fill('0001');
        await page.getByRole('button', { name: 'Look up' }).click();
        await page
          .getByText(says as string)
          .first()
          .waitFor();
        await look(`dossier-${end}`);
      }
    });
  });

  test.each([
    ['vi', 1280, '0041'],
    ['en', 360, '0042'],
  ] as const)('a citizen asks, follows, sees what is to be paid, and rates: %s at %i px', async (lang, width, end) => {
    const say = (vi: string, en: string): string => (lang === 'vi' ? vi : en);
    await onScreen(width, async (page, look) => {
      const press = (vi: string, en: string) => page.getByRole('button', { name: say(vi, en), exact: true }).click();
      await page.goto(`${url}/?lang=${lang}`);
      await followLink(page, say('Hỏi đáp', 'Questions'));
      await page.getByRole('heading', { level: 1 }).waitFor();
      await look('questions');
      await page.getByRole('link', { name: say('Đặt câu hỏi', 'Ask a question') }).click();
      await page.locator('[name=name]').fill('Nguyễn Văn An');
      await page.locator('[name=content]').fill('Bao giờ có kết quả đăng ký khai sinh?');
      await look('ask');
      await press('Gửi câu hỏi', 'Send the question');
      await page.locator('#phone-wrong').waitFor();
      await look('ask-wrong');
      await page.locator('[name=phone]').fill('0900000001');
      await press('Gửi câu hỏi', 'Send the question');
      await page.getByRole('status').waitFor();
      await look('asked');
      await page.getByRole('status').getByRole('link').click();
      await page.locator('[name=proof]').fill('0001');
      await look('follow');
      await press('Xem', 'Show');
      await page.getByText(say('Hạn trả lời', 'Due')).waitFor();
      await look('followed');
      await page.goto(`${url}/?code=H60.01-250812-${end}`);
      await page.locator('[name=proof]').fill('0001');
      await press('Tra cứu', 'Look up');
      await page.getByRole('link', { name: say('Thanh toán', 'Pay'), exact: true }).waitFor();
      await page.getByText('EA123456789VN').waitFor();
      await look('paid-and-posted');
      const form = page.locator('form[action="/rating"]');
      await form.locator('[name=proof]').fill('0001');
      await form.getByRole('radio', { name: say('Không hài lòng', 'Dissatisfied'), exact: true }).check();
      await press('Gửi đánh giá', 'Send the rating');
      await page.locator('#rating-wrong').waitFor();
      await look('rating-wrong');
      await page.locator('[name=proof]').fill('0001');
      await page.locator('[name=reason]').fill('Phải đi lại nhiều lần');
      await press('Gửi đánh giá', 'Send the rating');
      await page.getByRole('status').waitFor();
      await look('rated');
      expect(page.url()).toBe(`${url}/rating`);
    });
  });

  test.each([1280, 360])('at %i px the statistics are filtered by field', async (width) => {
    await onScreen(width, async (page, look) => {
      await page.goto(`${url}/statistics`);
      await page.locator('select[name=by]').selectOption('field');
      await page.getByRole('button', { name: 'Xem' }).click();
      await page.getByRole('columnheader', { name: 'Lĩnh vực' }).waitFor();
      await look('statistics');
      // Along the table by the keyboard, in any browser; and on an A4 page to its last column.
      await page.getByRole('heading', { name: 'Bảng số liệu' }).click();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toMatch(/^Từ 15\/12\/2024 đến/);
      await page.emulateMedia({ media: 'print' });
      await page.setViewportSize({ width: 718, height: 1000 });
      expect(await page.evaluate('document.querySelector("table.report").offsetWidth')).toBeLessThanOrEqual(718);
      expect(await page.evaluate('getComputedStyle(document.querySelector(".scroll:has(.report)")).overflowX')).toBe(
        'visible',
      );
    });
  });

  test.each([1280, 360])('at %i px a service is found in the catalogue and read', async (width) => {
    await onScreen(width, async (page, look) => {
      await page.goto(url);
      await followLink(page, 'Thủ tục hành chính');
      await page.getByRole('link', { name: 'Trang sau' }).waitFor();
      await look('services');
      // By the keyboard: cards are laid out as they come into view, and on a slow machine the link moves away from the mouse.
      await page.getByRole('link', { name: 'Trang sau' }).press('Enter');
      await page.getByRole('link', { name: 'Về trang đầu' }).waitFor();
      await page.getByLabel('Tìm theo tên hoặc mã').fill('dang ky khai sinh');
      await page.getByLabel('Lĩnh vực').selectOption({ label: 'Hộ tịch' });
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Thủ tục đăng ký khai sinh', exact: true }).waitFor();
      await look('services-found');
      await page.getByRole('link', { name: 'Thủ tục đăng ký khai sinh', exact: true }).click();
      await page.getByRole('heading', { name: 'Căn cứ pháp lý' }).waitFor();
      await page.getByText('4.000 đ → 5.000 đ').waitFor();
      await look('service');
      await followLink(page, 'English');
      await page.getByRole('heading', { name: 'Changes' }).waitFor();
      expect(await page.locator('h1').getAttribute('lang')).toBe('vi');
      await look('service-en');
      await page.goto(`${url}/services/9.999999`);
      await page.getByRole('alert').waitFor();
      await look('service-none');
    });
  });

  test('a long history stands beside the facts of a dossier and does not push them down', async () => {
    const code = 'H60.01-250812-0043';
    const at = (hour: number) => `2025-08-12T${String(hour).padStart(2, '0')}:00:00+07:00`;
    await hub.push(dossier({ code, status: 'received', statusAt: at(1) }));
    const steps = Array.from({ length: 12 }, (_, n) =>
      progress({ code, at: at(n + 2), status: n % 2 === 0 ? 'processing' : 'supplement-required' }),
    );
    await hub.push(steps, { what: 'progress' });
    await onScreen(1280, async (page, look) => {
      await page.goto(`${url}/?code=${code}`);
      await page.locator('[name=proof]').fill('0001');
      await page.locator('main form button').first().click();
      const bottomOf = async (text: string) => {
        const box = await page.locator('.dossier > .card', { hasText: text }).first().boundingBox();
        return (box?.y ?? 0) + (box?.height ?? 0);
      };
      await page.getByText('Quá trình giải quyết').waitFor();
      expect(await bottomOf('Thông tin hồ sơ')).toBeLessThan(await bottomOf('Quá trình giải quyết'));
      await look('dossier-long');
    });
  });

  test('the services follow the words while somebody types', async () => {
    await onScreen(1280, async (page) => {
      await page.goto(`${url}/services`);
      await page.getByLabel('Tìm theo tên hoặc mã').pressSequentially('ket hon');
      await page.getByRole('link', { name: 'Thủ tục đăng ký kết hôn', exact: true }).waitFor();
      await page.getByRole('link', { name: 'Trang sau' }).waitFor({ state: 'detached' });
      expect(page.url()).toContain('q=ket+hon');
    });
  });

  test("text follows the reader's font size, and pages of twice the size still fit on a phone", async () => {
    await onScreen(390, async (page, look) => {
      for (const path of ['/', '/services', '/services/1.001193.000.00.00.H60', '/statistics']) {
        await page.goto(`${url}${path}`);
        await page.evaluate('document.documentElement.style.fontSize = "200%"');
        for (const element of ['body', 'h1', 'small, .note'])
          expect(
            await page.evaluate(`parseFloat(getComputedStyle(document.querySelector("${element}")).fontSize)`),
            `${element} of ${path}`,
          ).toBeGreaterThanOrEqual(26);
        await look(`large${path.replaceAll('/', '-')}`);
      }
    });
  });
});
