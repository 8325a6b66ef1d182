import axe from 'axe-core';
import { writeXlsx } from 'hucre/xlsx';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { attachment } from '../../src/http/upload.ts';
import { describeInBrowser, type ServedHub, serveToBrowser } from '../support/browser.ts';
import { partOf, sampled as test } from '../support/depth.ts';
import { codeOf, dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { payment, petition, postalOrder, question } from '../support/kinds.ts';
import { NO, OPERATOR_KEYS, operatorOf, partnerWithTable } from '../support/operator.ts';
import { CONSOLE, CONTENTS, FOUND, PUBLIC } from '../support/page-list.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';
import { THREE_BAD_ROWS, WATER, WATER_ENTRY } from '../support/water-permits.ts';

const KIB = 1024;
/** The most bytes that a browser with an empty cache loads. */
const MOST = { public: 60 * KIB, console: 120 * KIB };

/** Phone, tablet and desktop. */
const WIDTHS = [360, 768, 1280];
const [PHONE = 0] = WIDTHS;
/** 1280 px at a zoom of 400 %. Here only the width is checked: axe finds what it finds at 360 px. */
const ZOOMED = 320;
/** The width of an A4 sheet within margins of 12 mm, in CSS pixels. */
const SHEET = 703;
/** The quick tests open each twentieth page, on a phone. */
const isInSample = (_: string, at: number): boolean => at % 20 === 0;
const SEEN_WIDTHS = partOf(WIDTHS, (width) => width === 360);

describeInBrowser(() => {
  let hub: TestHub;
  let served: ServedHub;
  let url: string;
  let browser: Browser;
  let state: Awaited<ReturnType<BrowserContext['storageState']>>;
  let paths: readonly string[];
  const visited: Visited[] = [];

  beforeAll(async () => {
    const ministry = testPartner();
    const records = { services: seedOf('services'), fields: seedOf('fields'), agencies: seedOf('agencies') };
    hub = await testHub({
      partners: { portal: partnerWithTable(), ministry, source: catalogueSource(records), water: WATER },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'ministry'] }],
      keys: [...OPERATOR_KEYS, { id: 'eraser', secret: 'eraser-secret-of-the-tests', scopes: [...ALL_SCOPES] }],
      entries: { portal: { title: 'Cổng Dịch vụ công' }, ministry: { title: 'Hệ thống của Bộ' }, water: WATER_ENTRY },
    });
    await pullCatalogue(hub);
    await fill(hub, ministry);
    paths = partOf([...PUBLIC, ...CONSOLE, ...(await pagesOfContents(hub))], isInSample);
    served = await serveToBrowser(hub);
    ({ url, browser } = served);
    state = await signedIn(browser, url);
    const left = [...paths.entries()];
    const lane = async (): Promise<void> => {
      for (let next = left.shift(); next; next = left.shift()) visited.push(await visit(...next));
    };
    await Promise.all([lane(), lane()]);
  }, 900_000);
  afterAll(() => served?.close());

  interface Visited {
    readonly path: string;
    /** The faults by check: of a width, of the weight, on paper. */
    readonly faults: ReadonlyMap<string, readonly string[]>;
  }

  /**
   * Opens a page once, with an empty cache, as a phone does, and then changes the window: no script of ours asks for its width.
   * Loading it again for each width took half of the time.
   */
  async function visit(at: number, path: string): Promise<Visited> {
    const context = await browser.newContext({
      viewport: { width: 360, height: 800 },
      colorScheme: 'light',
      reducedMotion: 'reduce',
      storageState: state,
    });
    const page = await context.newPage();
    const errors: string[] = [];
    // A missing page is logged as an error of loading it.
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('404')) errors.push(message.text());
    });
    const faults = new Map<string, readonly string[]>([['errors', errors]]);
    faults.set('loading', await whileLoading(page, path));
    for (const width of SEEN_WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      // The widths share the elements: axe sees all pages at 1280 px, and each half of them at one of the others.
      const isSeen = SEEN_WIDTHS.length === 1 || width === 1280 || at % 2 === WIDTHS.indexOf(width);
      faults.set(`${width}`, [
        ...(await tooWide(page, width)),
        ...(width > PHONE ? await page.evaluate<string[]>(HIDDEN) : []),
        ...(isSeen ? await inBothColours(page) : []),
      ]);
    }
    await page.setViewportSize({ width: ZOOMED, height: 800 });
    faults.set('zoomed', await tooWide(page, ZOOMED));
    await page.setViewportSize({ width: SHEET, height: 1000 });
    await page.emulateMedia({ media: 'print' });
    faults.set('paper', [...(await tooWide(page, SHEET)), ...(await page.evaluate<string[]>(CUT_ON_PAPER))]);
    await context.close();
    return { path, faults };
  }

  async function whileLoading(page: Page, path: string): Promise<readonly string[]> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Network.enable');
    let bytes = 0;
    cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await openPage(page, url, path);
    const shift = await page.evaluate<number>(SHIFT);
    const moving = await page.evaluate<number>('document.getAnimations().length');
    await cdp.detach();
    const most = path.startsWith('/console') ? MOST.console : MOST.public;
    return [
      ...(bytes > most ? [`${Math.round(bytes / KIB)} KiB`] : []),
      ...(shift > 0.01 ? [`shifts by ${shift}`] : []),
      ...(moving > 0 ? [`${moving} animations`] : []),
    ];
  }

  /** The findings of axe in light, and those on contrast in dark: dark mode changes nothing but colours. */
  async function inBothColours(page: Page): Promise<readonly string[]> {
    const light = await findingsOf(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await findingsOf(page, 'color-contrast');
    await page.emulateMedia({ colorScheme: 'light' });
    return [...light, ...dark.map((one) => `dark: ${one}`)];
  }

  const expectFine = (what: string): void => {
    expect(visited).toHaveLength(paths.length);
    expect(
      visited.flatMap(({ path, faults }) => (faults.get(what) as string[]).map((one) => `${path}: ${one}`)),
    ).toEqual([]);
  };

  test('the console of the browser has no error', () => expectFine('errors'));
  test.each(SEEN_WIDTHS)(
    'at %i px, axe finds nothing above minor in light and dark, no page is wider than its window, no list is cut',
    (width) => expectFine(`${width}`),
  );
  test('at a zoom of 400 % no page is wider than its window', () => expectFine('zoomed'));
  test('on A4 nothing is cut and no navigation printed', () => expectFine('paper'));
  test('each page is light, and nothing on it moves while it loads', () => expectFine('loading'));
});

async function openPage(page: Page, url: string, path: string): Promise<void> {
  if (path !== FOUND) {
    await page.goto(`${url}${path}`);
    return;
  }
  await page.goto(`${url}/?code=${codeOf(1)}`);
  await page.locator('[name=proof]').fill('0001');
  await page.keyboard.press('Enter');
  await page.locator('.timeline').waitFor();
}

async function tooWide(page: Page, width: number): Promise<readonly string[]> {
  const found = await page.evaluate<number>('document.documentElement.scrollWidth');
  return found > width ? [`is ${found} px wide in ${width}`] : [];
}

/** Lists of which a part hides behind the edge, and codes that break between two lines of a card. */
const HIDDEN = `[...document.querySelectorAll('.scroll')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => 'scrolls sideways: ' + one.getAttribute('aria-label') + ', ' + one.scrollWidth + ' px')
  .concat([...document.querySelectorAll('.wide .code')]
    .filter((one) => one.getClientRects().length > 1)
    .map((one) => 'breaks: ' + one.textContent))`;

/** What a printer cuts off or should not print. */
const CUT_ON_PAPER = `[...document.querySelectorAll('.scroll')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => 'cut on paper: ' + one.getAttribute('aria-label') + ', ' + one.scrollWidth + ' px')
  .concat([...document.querySelectorAll('#menu, button.menu, form.fields, footer')]
    .filter((one) => one.getClientRects().length > 0)
    .map((one) => 'printed: ' + one.outerHTML.slice(0, 80)))`;

/** The findings of axe above minor. @param only a rule, otherwise all */
async function findingsOf(page: Page, only?: string): Promise<readonly string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source);
  // A path to each element that passes is half of axe's work, and nobody reads it.
  const options = {
    resultTypes: ['violations'],
    ...(only !== undefined && { runOnly: { type: 'rule', values: [only] } }),
  };
  return page.evaluate<string[]>(`axe.run(${JSON.stringify(options)}).then(({ violations }) => violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, nodes }) => id + ' ' + nodes[0].html))`);
}

const ALL_SCOPES = ['ops:read', 'ops:body', 'ops:replay', 'ops:configure', 'ops:erase', 'index:personal'] as const;

/** The sum of the layout shifts so far. */
const SHIFT = `new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) sum += value; })
    .observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => setTimeout(() => resolve(sum), 0));
})`;

/** Something of each kind that the pages show. */
async function fill(hub: TestHub, ministry: ReturnType<typeof testPartner>): Promise<void> {
  const due = '2025-08-13T17:00:00+07:00';
  ministry.script.push(NO);
  await hub.push(dossier({ code: codeOf(1), dueAt: due, serviceCode: '1.001193.000.00.00.H60' }));
  await hub.push(dossier({ code: codeOf(2), status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00' }));
  await hub.push(dossier({ code: 'H60.102-250812-0003', agencyCode: 'H60.102', serviceCode: '9.999999' }));
  await hub.push(dossier({ code: codeOf(4), status: 'nonsense' }));
  await hub.push(dossier({ code: codeOf(1), status: 'returned', statusAt: due }), { party: 'other' });
  await hub.push(question({ agencyCode: 'H60.102' }), { what: 'questions' });
  await hub.push(question({ code: 'H60-HD-0002', content: 'Tôi khiếu nại quyết định này.' }), { what: 'questions' });
  await hub.push(petition(), { what: 'petitions' });
  const late = { dossierCode: codeOf(2), stateAt: '2025-08-01T08:00:00+07:00' };
  await hub.push(payment({ ...late, code: 'DVCH60101250812000002T6', state: 'initiated' }), { what: 'payments' });
  await hub.push(postalOrder(late), { what: 'postal-orders' });
  await hub.deliver();
  await hub.hub.database.pool.query(
    `INSERT INTO incidents (party, kind, cause, opened_at) VALUES
       ('ministry', 'partner-away', 'no answer', '2025-08-21T08:05:00+07:00'),
       ('hub', 'replica-away', 'no answer', '2025-08-21T08:06:00+07:00')`,
  );
  await hub.hub.database.pool.query(
    "INSERT INTO doubtful_dossiers (code, kind, party) VALUES ($1, 'moved-by-another', 'other')",
    [codeOf(1)],
  );
  for (const [name, bytes] of [
    ['hồ sơ tháng 8.xlsx', await writeXlsx({ sheets: [{ name: 'Tháng 8', rows: THREE_BAD_ROWS }] })],
    ['hồ sơ tháng 9.csv', Buffer.from('Mã hồ sơ;Họ tên')],
  ] as const)
    await hub.request('POST', '/api/v1/ops/parties/water/drops', undefined, bytes, {
      Authorization: 'Bearer ops-secret-of-the-tests',
      'Content-Disposition': attachment(name),
    });
  const ops = operatorOf(hub);
  await ops.post('deliveries/replay', { state: 'delivered', preview: false, why: 'vì kiểm thử' });
  await ops.post('legal-holds', { code: codeOf(2), why: 'vì kiểm thử' });
  const line = { lines: [{ from: 'resolved', to: '9' }], why: 'vì kiểm thử' };
  await ops.post('mappings', { party: 'portal', table: 'portal-status', ...line });
  await ops.post('mappings/1/ask', { why: 'vì kiểm thử' });
  await ops.post('saved-filters', { list: 'deliveries', name: 'Cổng hỏng', query: 'state=failed' }, 'eraser');
}

async function pagesOfContents(hub: TestHub): Promise<readonly string[]> {
  const ops = operatorOf(hub);
  const found = await Promise.all(
    CONTENTS.map(async ({ list, pages }) => {
      const { id } = (await ops.get(list)).body.items[0];
      return pages.map((page) => page.replace(':id', String(id)));
    }),
  );
  return found.flat();
}

async function signedIn(browser: Browser, url: string): ReturnType<BrowserContext['storageState']> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/console/sign-in`);
  await page.locator('input[name=id]').fill('eraser');
  await page.locator('input[name=secret]').fill('eraser-secret-of-the-tests');
  await page.locator('main form button').click();
  await page.locator('#live').waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}
