import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import platformAdapter from '../../adapters/payment-platform/adapter.ts';
import { paymentSimulator, SIMULATOR_SECRET } from '../../adapters/payment-platform/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { describeInBrowser, type ServedHub, serveToBrowser } from '../support/browser.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import { payment, postalOrder } from '../support/kinds.ts';

const START = Date.parse('2025-08-12T09:00:00+07:00');
const WIDTH = 360;
const CODE = codeOf(1);
const CONTENT = 'Làm hộ chiếu ở đâu?';

describeInBrowser(() => {
  let hub: TestHub;
  let platform: Simulator;
  let served: ServedHub;
  let page: Page;

  beforeAll(async () => {
    platform = await startSimulator(paymentSimulator(), { now: () => hub?.clock.nowMs ?? START });
    const account = { number: '3511000000001', name: 'Trung tâm', bank: 'VTB' };
    const urls = { initUrl: '/init', queryUrl: '/query', billUrl: '/bill' };
    const addresses = Object.fromEntries(Object.entries(urls).map(([name, path]) => [name, `${platform.url}${path}`]));
    hub = await testHub({
      nowMs: START,
      partners: { pay: { sent: [], script: [], adapter: platformAdapter as Adapter } },
      entries: {
        pay: {
          settings: { ...addresses, partnerCode: 'H60', secretKey: SIMULATOR_SECRET, ip: '203.0.113.10', account },
        },
      },
      routes: [{ from: 'one-stop', operation: 'payment.upsert.v1', to: ['pay'] }],
    });
    const time = { receivedAt: '2025-08-11T08:15:00+07:00', statusAt: '2025-08-12T08:00:00+07:00' };
    await hub.push(dossier({ code: CODE, status: 'resolved', ...time }));
    const paid = { dossierCode: CODE, stateAt: '2025-08-12T08:30:00+07:00' };
    await hub.push(payment({ code: 'DVCH60010001T', ...paid }), { what: 'payments' });
    const steps = [{ at: '2025-08-12T08:40:00+07:00', status: 'Đang phát' }];
    await hub.push(postalOrder({ code: 'BC-A', waybill: 'EA123', steps, ...paid }), { what: 'postal-orders' });
    await hub.deliver();
    served = await serveToBrowser(hub);
    const context = await served.browser.newContext({
      viewport: { width: WIDTH, height: 800 },
      javaScriptEnabled: false,
      acceptDownloads: true,
    });
    page = await context.newPage();
  });
  afterAll(async () => {
    await served?.close();
    await platform?.close();
  });

  /** With no scripts the page cannot be asked for its width: a picture of the whole page has it. */
  async function look(name: string): Promise<void> {
    const folder = process.env.SCREENSHOTS;
    const png = await page.screenshot({
      fullPage: true,
      ...(folder ? { path: `${folder}/${name}-${WIDTH}.png` } : {}),
    });
    expect(png.readUInt32BE(16), name).toBe(WIDTH);
  }
  const open = (path: string) => page.goto(`${served.url}${path}`);
  /** The form that has this field. */
  const submit = (field: string) =>
    page
      .locator('main form', { has: page.locator(`[name=${field}]`) })
      .locator('button')
      .last()
      .click();
  const text = async (): Promise<string> => (await page.locator('main').textContent()) ?? '';
  const lookUp = async (): Promise<void> => {
    await open('/');
    await page.locator('main input[name=code]').fill(CODE);
    await page.locator('main input[name=proof]').fill('0001');
    await submit('proof');
  };

  test('without scripts and at 360 px a citizen asks, follows, browses answers, pays, has the receipt, sees the post, rates', async () => {
    await open('/questions/ask');
    await look('ask');
    for (const [name, value] of Object.entries({ name: 'Đặng Thị Hoàng Yến', phone: '0912345678', content: CONTENT }))
      await page.locator(`main [name=${name}]`).fill(value);
    await submit('content');
    const code = /[A-Z0-9]+-HD-\d{6}-[2-9A-Z]{8}/.exec(await text())?.[0] ?? '';
    expect(code).not.toBe('');
    await look('asked');

    await open('/questions/follow');
    await page.locator('main input[name=code]').fill(code);
    await page.locator('main input[name=proof]').fill('5678');
    await submit('proof');
    expect(await text()).toContain(CONTENT);
    await look('followed');

    await open('/questions');
    await look('answers');

    await lookUp();
    expect(await text()).toMatch(/50\.000 đồng[\s\S]*EA123[\s\S]*Đang phát/);
    await look('to-pay');
    await page.locator(`main a[href^="${platform.url}"]`).click();
    hub.clock.nowMs += 31 * 60_000;
    // The second question asks for the receipt of what the first one found paid.
    for (let time = 0; time < 2; time++) {
      await makePullsDue(hub.hub.database, 'pay', ['transactions'], hub.clock.nowMs);
      await hub.hub.pipeline.pull('pay', 'transactions');
    }

    await lookUp();
    await look('paid');
    const [receipt] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('main a[href^="/receipts/"]').click(),
    ]);
    expect(receipt.suggestedFilename()).toBe('bien-lai-DVCH60010001T.pdf');

    await page.locator('main form[action="/rating"] input[name=proof]').fill('0001');
    await page.locator('main input[name=level][value=satisfied]').check();
    await page.locator('main form[action="/rating"] button').click();
    expect(await text()).toContain('Đã ghi nhận đánh giá');
    await look('rated');
  });
});
