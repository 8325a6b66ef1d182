import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInBrowser, type ServedHub, serveToBrowser } from '../support/browser.ts';
import { dossier, type TestHub, testHub } from '../support/hub.ts';

const CODE = 'H60.01-250812-0035';
const MOST_BYTES = 15 * 1024;

/** A portal of another origin, with a strict policy of its own: no inline styles, and scripts of the hub alone. */
describeInBrowser(() => {
  let hub: TestHub;
  let served: ServedHub;
  let portal: Server;
  let address: string;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    hub = await testHub();
    const given = {
      ...{ code: CODE, status: 'supplement-required', serviceName: '<b>Thủ tục</b> đăng ký khai sinh' },
      dueAt: '2025-08-20T00:00:00+07:00',
    };
    // The second version repeats the status.
    for (const statusAt of ['2025-08-12T08:25:00+07:00', '2025-08-20T08:25:00+07:00'])
      await hub.push(dossier({ ...given, statusAt }));
    served = await serveToBrowser(hub);
    const { url } = served;
    portal = createServer((request, response) => {
      const isFrame = request.url === '/frame';
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader(
        'Content-Security-Policy',
        `default-src 'none'; script-src ${url}; connect-src ${url}; frame-src ${url}; img-src data:`,
      );
      response.end(
        `<!doctype html><html lang="vi"><title>Cổng</title><link rel="icon" href="data:,"><h1>Cổng của tỉnh</h1>${
          isFrame
            ? `<iframe title="Tra cứu hồ sơ" width="600" height="700" src="${url}/embed/dossier?lang=vi&code=${CODE}"></iframe>`
            : `<script type="module" src="${url}/embed/dossier.js"></script><lienthong-dossier lang="${request.url === '/en' ? 'en' : 'vi'}"></lienthong-dossier>`
        }`,
      );
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => portal.once('listening', resolve));
    address = `http://127.0.0.1:${(portal.address() as AddressInfo).port}`;
    page = await served.browser.newPage();
    page.on('pageerror', (error) => troubles.push(error.message));
    // A 404 is a message of the browser, too. A violation of a policy is one as well.
    page.on('console', (one) => one.type() === 'error' && !one.text().includes('404') && troubles.push(one.text()));
  });
  afterAll(async () => {
    portal?.close();
    await served?.close();
  });

  test.each([
    ['vi', 'Mã hồ sơ', '4 số cuối', 'Tra cứu', 'Yêu cầu bổ sung giấy tờ từ 12/08/2025 08:25', 'Không tìm thấy hồ sơ'],
    [
      'en',
      'Dossier code',
      'Last four digits',
      'Look up',
      'More papers are required since 12/08/2025 08:25',
      'There is no dossier',
    ],
  ])(
    'a portal of another origin looks up a dossier in its own page (%s)',
    async (language, code, proof, find, status, none) => {
      await page.goto(`${address}/${language}`);
      await page.getByLabel(code).fill(CODE);
      await page.getByLabel(proof).fill('9999');
      await page.getByRole('button', { name: find }).click();
      await page.getByRole('alert').getByText(none).waitFor();
      await page.getByLabel(proof).fill('0001');
      await page.keyboard.press('Enter');
      await page.getByText(status).waitFor();
      // A text of a dossier is text.
      await page.getByText('<b>Thủ tục</b> đăng ký khai sinh').waitFor();
      // Its source gave the due day without a time.
      await page.getByText('20/08/2025', { exact: true }).waitFor();
      expect(troubles).toEqual([]);
    },
  );

  test('an answer that comes after that of a later look-up is not shown', async () => {
    await page.goto(`${address}/vi`);
    let answer = (): void => undefined;
    const isLate = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/api/public/dossiers/SLOW*', async (route) => {
      await isLate;
      await route.fulfill({ status: 404, headers: { 'Access-Control-Allow-Origin': '*' }, body: '{}' });
    });
    const find = async (code: string): Promise<void> => {
      await page.getByLabel('Mã hồ sơ').fill(code);
      await page.getByLabel('4 số cuối').fill('0001');
      await page.keyboard.press('Enter');
    };
    await find('SLOW');
    await find(CODE);
    const status = page.getByText('Yêu cầu bổ sung giấy tờ từ');
    await status.waitFor();
    const late = page.waitForResponse(/SLOW/);
    answer();
    await (await late).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    expect(await status.count()).toBe(1);
  });

  test('an iframe shows the same, with the code filled in', async () => {
    await page.goto(`${address}/frame`);
    const frame = page.frameLocator('iframe');
    expect(await frame.getByLabel('Mã hồ sơ').inputValue()).toBe(CODE);
    await frame.getByLabel('4 số cuối').fill('0001');
    await frame.getByRole('button', { name: 'Tra cứu' }).click();
    await frame.getByText('Yêu cầu bổ sung giấy tờ từ').waitFor();
    expect(troubles).toEqual([]);
  });

  test('the script is small, and only the look-up answers other origins', async () => {
    const script = await fetch(`${served.url}/embed/dossier.js`, { headers: { 'Accept-Encoding': 'identity' } });
    expect((await script.arrayBuffer()).byteLength).toBeLessThan(MOST_BYTES);
    const asked = { headers: { Origin: 'https://portal.invalid', Authorization: 'Bearer none' } };
    const others = await Promise.all(
      ['/api/v1/dossiers', '/', '/console'].map((path) => fetch(served.url + path, asked)),
    );
    expect(others.map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual([null, null, null]);
  });
});
