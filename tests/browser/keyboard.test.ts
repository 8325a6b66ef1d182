import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeInBrowser, type ServedHub, serveToBrowser } from '../support/browser.ts';
import { dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { question } from '../support/kinds.ts';
import { OPERATOR_KEYS, partnerWithTable } from '../support/operator.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const RESOLVED = { status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00' } as const;
const LANGUAGES = ['vi', 'en'] as const;
/** A page has fewer stops of the Tab key. */
const MOST_STOPS = 400;

/** The focused element: its words, and whether a person sees it and its focus. */
const FOCUSED = `(() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const words = one.ariaLabel || (one.labels && [...one.labels].map((label) => label.textContent).join(' ')) || '';
  one.dataset.stop ||= String(++window.stops || (window.stops = 1));
  return {
    stop: one === document.body ? '' : one.dataset.stop,
    text: (one.role === 'region' || one.getAttribute('role') === 'region' ? words
      : words + ' ' + (one.innerText ?? one.textContent) + (one.name ? ' [' + one.name + ']' : '')).replaceAll(/\\s+/g, ' ').trim(),
    isSeen: box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth,
    hasFocusRing: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
  };
})()`;

interface Focused {
  /** Its number. Empty on the page itself. */
  readonly stop: string;
  readonly text: string;
  readonly isSeen: boolean;
  readonly hasFocusRing: boolean;
}

/** Every journey of officers and citizens with the Tab, Enter and Space keys, typed letters, and nothing else. */
describeInBrowser(() => {
  let hub: TestHub;
  let served: ServedHub;
  let url: string;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const portal = partnerWithTable();
    const records = { services: seedOf('services'), fields: seedOf('fields'), agencies: seedOf('agencies') };
    hub = await testHub({
      partners: { portal, ministry: testPartner(), source: catalogueSource(records) },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'ministry'] }],
      keys: [...OPERATOR_KEYS],
    });
    await pullCatalogue(hub);
    await hub.push(dossier({ code: CODE(1), dueAt: '2025-08-13T17:00:00+07:00' }));
    // One cause for each language.
    await hub.push(dossier({ code: CODE(2), ...RESOLVED }));
    await hub.push(dossier({ code: CODE(3), status: 'stopped', statusAt: RESOLVED.statusAt }));
    for (const n of [4, 5]) await hub.push(dossier({ code: CODE(n), status: 'returned', statusAt: RESOLVED.statusAt }));
    await hub.push(question({ agencyCode: 'H60.102' }), { what: 'questions' });
    await hub.deliver();
    await hub.hub.database.pool.query(
      "INSERT INTO incidents (party, kind, cause, opened_at) VALUES ('ministry', 'partner-away', 'no answer', '2025-08-21T08:05:00+07:00')",
    );
    served = await serveToBrowser(hub);
    ({ url, browser } = served);
  });
  afterAll(() => served?.close());
  afterEach(() => page?.context().close());

  async function open(path: string, width = 1280): Promise<void> {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    page = await context.newPage();
    await page.goto(`${url}${path}`);
  }

  const press = (key: string): Promise<void> => page.keyboard.press(key);
  const type = (text: string): Promise<void> => page.keyboard.type(text);

  /** Presses Tab until something with these words has the focus. Every stop on the way is seen, and none is a trap. */
  async function reach(words: string | RegExp): Promise<void> {
    let before = (await page.evaluate<Focused>(FOCUSED)).stop;
    for (let stops = 0; stops < MOST_STOPS; stops++) {
      await press('Tab');
      const { stop, text, isSeen, hasFocusRing } = await page.evaluate<Focused>(FOCUSED);
      if (stop !== '') {
        expect({ text, isSeen, hasFocusRing }).toEqual({ text, isSeen: true, hasFocusRing: true });
        expect(stop, `a trap at ${text}`).not.toBe(before);
        if (typeof words === 'string' ? text.includes(words) : words.test(text)) return;
      }
      before = stop;
    }
    throw new Error(`${page.url()}: the Tab key does not reach ${words}`);
  }

  /** Reaches a link or button and follows it to a page with this heading. */
  async function follow(words: string | RegExp, heading: string | RegExp): Promise<void> {
    await reach(words);
    await press('Enter');
    await page.getByRole('heading', { name: heading }).first().waitFor();
  }

  async function fill(label: string | RegExp, text: string): Promise<void> {
    await reach(label);
    await type(text);
  }

  async function signIn(language: string): Promise<void> {
    await open(`/console/sign-in?lang=${language}`);
    await page.locator('input[name=id]:focus').waitFor();
    await type('ops');
    await press('Tab');
    await type('ops-secret-of-the-tests');
    await press('Enter');
    await page.locator('#live').waitFor();
  }

  describe.each(LANGUAGES)('in the language %s', (language) => {
    const say = (vietnamese: string, english: string): string => (language === 'vi' ? vietnamese : english);
    const status = (text: string): Promise<void> => page.getByRole('status').getByText(text).waitFor();

    test('an officer finds why a dossier is late, and signs out', async () => {
      await signIn(language);
      await press('/');
      await type(CODE(1));
      await press('Enter');
      await page.locator('.turns').waitFor();
      await reach(say('được tiếp nhận', 'received'));
      await press('Enter');
      await page.waitForURL(/messages\/|deliveries\//);
      await reach(say('Đăng xuất', 'Sign out'));
      await press('Enter');
      await page.getByText(say('Đã đăng xuất.', 'Signed out.')).waitFor();
    });

    test('an officer frees what waits for a code: from the overview by the keys m and Space', async () => {
      await signIn(language);
      await reach(say('Mã resolved', 'Code returned'));
      await press('Enter');
      await page.locator('[data-key=m]').waitFor();
      await press('m');
      await press('Space');
      await fill('[why]', 'theo bảng mã');
      await press('Enter');
      await status(say('Đã gỡ', 'Released'));
    });

    test('an officer steps through the quarantine, and dismisses a cause', async () => {
      await signIn(language);
      await follow(say('Chờ xử lý', 'Quarantine'), say('Chờ xử lý', 'Quarantine'));
      await reach(say('Mã stopped', 'Code stopped'));
      await press('Enter');
      await page.locator('[data-key=d]').waitFor();
      await press('d');
      expect((await page.evaluate<Focused>(FOCUSED)).text).toContain('[why]');
    });

    test('an officer turns the one-letter keys off, and on again', async () => {
      await signIn(language);
      const keys = page.locator('kbd, script[src*="keys"]');
      const focusOf = async (): Promise<string> => (await page.evaluate<Focused>(FOCUSED)).stop;
      expect(await keys.count()).toBe(2);
      await reach(say('Tắt phím tắt', 'Turn shortcuts off'));
      await press('Enter');
      await page.getByRole('link', { name: say('Bật phím tắt', 'Turn shortcuts on') }).waitFor();
      await page.goto(`${url}/console/quarantine`);
      await page.locator('main a[href^="/console/quarantine/"]').first().click();
      await page.locator('[data-key=d]').waitFor();
      const { href } = new URL(page.url());
      expect(await keys.count()).toBe(0);
      for (const key of ['/', 'd', 'r', 'm', 'n', 'p']) {
        await press(key);
        expect([await focusOf(), page.url()]).toEqual(['', href]);
      }
      await page.goto(`${url}/console/quarantine`);
      await reach(say('Bật phím tắt', 'Turn shortcuts on'));
      await press('Enter');
      await page.getByRole('link', { name: say('Tắt phím tắt', 'Turn shortcuts off') }).waitFor();
      await press('/');
      expect((await page.evaluate<Focused>(FOCUSED)).text).toContain('[q]');
    });

    test('an officer saves a filter, and removes it', async () => {
      await signIn(language);
      await follow(say('Lượt chuyển', 'Deliveries'), say('Lượt chuyển', 'Deliveries'));
      await reach('[code]');
      await type(CODE(1));
      await press('Enter');
      await page.waitForURL(/code=/);
      await reach(say('Lưu bộ lọc này', 'Save this filter'));
      await press('Enter');
      await press('Tab');
      await type('của tôi');
      await press('Enter');
      await page.getByRole('link', { name: 'của tôi', exact: true }).waitFor();
      await reach(say('Xóa bộ lọc của tôi', 'Remove the filter của tôi'));
      await press('Enter');
      await status('của tôi');
    });

    test('an officer re-delivers a list of codes, and looks at a number of the statistics', async () => {
      await signIn(language);
      await follow(say('Theo danh sách mã', 'List of codes'), say('Làm việc theo', 'Work on a list'));
      await fill('[codes]', CODE(1));
      await fill('[why]', 'bên nhận đã sửa');
      await reach(say('Chuyển lại các mã này', 'Re-deliver these codes'));
      await press('Enter');
      await page.getByText(say('1 hồ sơ', '1 dossier')).first().waitFor();
      await reach(say('Tải kết quả', 'Download the result'));
      await follow(say('Thống kê', 'Statistics'), say('Thống kê', 'Statistics'));
      await reach(say('Cấp tỉnh', 'Province'));
      await press('Enter');
      await page.locator('.tabs [aria-current]', { hasText: say('Cấp tỉnh', 'Province') }).waitFor();
      await follow(/^\d+$/, say('Hồ sơ của một số liệu', 'The dossiers of a number'));
    });

    test('an officer opens a report, previews an erasure, and states what was done about an incident', async () => {
      await signIn(language);
      await follow(say('Báo cáo', 'Reports'), say('Báo cáo', 'Reports'));
      await reach(/II\.06a/);
      await press('Enter');
      await page.locator('table.report').waitFor();
      await reach('PDF');
      await page.goto(`${url}/console/retention`);
      await follow(
        say('Xóa dữ liệu của một người', 'Erase the data'),
        say('Xóa dữ liệu của một người', 'Erase the data'),
      );
      await fill('[code]', CODE(4));
      await fill('[why]', 'Đơn số 12/2026');
      await press('Enter');
      await page.getByRole('heading', { name: say('Xem trước', 'Preview') }).waitFor();
      await follow(say('Sự cố', 'Incidents'), say('Sự cố', 'Incidents'));
      await follow(/Sự cố \d|Incident \d/, /Sự cố \d|Incident \d/);
      await fill('[measures]', 'Đã gọi cho bộ');
      await reach(say('Ghi', 'Store'));
      await press('Enter');
      await status(say('Đã ghi', 'Stored'));
    });

    test('an officer narrows the questions to registers, and answers a citizen', async () => {
      await signIn(language);
      await follow(say('Tra cứu CSDL', 'Registers'), say('Tra cứu cơ sở dữ liệu', 'Questions to registers'));
      await fill('[officer]', 'H60.01-CB');
      await press('Enter');
      await page.waitForURL(/officer=/);
      await follow(say('Hỏi đáp', 'Questions'), say('Hỏi đáp, phản ánh', 'Questions and petitions'));
      await follow('H60-HD-0001', /H60-HD-0001/);
      // The agency is known: the form of its answer is open.
      await reach('[text]');
    });

    test('a citizen looks a dossier up and rates it, past the navigation by the skip link', async () => {
      const code = CODE(language === 'vi' ? 4 : 5);
      await open(`/?lang=${language}`);
      await press('Tab');
      expect((await page.evaluate<Focused>(FOCUSED)).text).toContain(say('Tới nội dung chính', 'Skip to the content'));
      await press('Enter');
      await press('Tab');
      expect((await page.evaluate<Focused>(FOCUSED)).text).toContain('[code]');
      await type(code);
      await press('Tab');
      await type('0001');
      await press('Enter');
      await page.locator('.timeline').waitFor();
      await reach('[proof]');
      await type('0001');
      await reach('[level]');
      await press('Space');
      await reach(say('Gửi đánh giá', 'Send the rating'));
      await press('Enter');
      await page.getByRole('status').waitFor();
      expect(page.url()).toBe(`${url}/rating`);
    });

    test('a citizen opens the menu of a phone, finds a service, and asks a question', async () => {
      await open(`/?lang=${language}`, 360);
      await reach('Menu');
      await press('Enter');
      await follow(say('Thủ tục hành chính', 'Services'), say('Thủ tục hành chính', 'Services'));
      await fill('[q]', 'dang ky khai sinh');
      await press('Enter');
      await page.waitForURL(/q=dang/);
      await follow(/^Thủ tục đăng ký khai sinh$/, 'Thủ tục đăng ký khai sinh');
      await page.goto(`${url}/questions`);
      await follow(say('Đặt câu hỏi', 'Ask a question'), say('Đặt câu hỏi', 'Ask a question'));
      await fill('[name]', 'Nguyễn Văn An');
      await fill('[phone]', '0900000001');
      await fill('[content]', 'Bao giờ có kết quả đăng ký khai sinh?');
      await reach(say('Gửi câu hỏi', 'Send the question'));
      await press('Enter');
      await page.getByRole('status').waitFor();
    });
  });
});
