import { expect, onTestFinished, test } from 'vitest';
import type { HubQueries } from '#kit';
import { defineSimulator, startSimulator, testConnection } from '#kit/testing';
import { transactions } from './query.ts';
import type { Settings } from './settings.ts';

/** As many as a page has. */
const PAGE = 20;

/** A platform with this many open payments. It fails for those in `broken`. */
async function platformOf(count: number, broken: Set<number>) {
  let asked: number[] = [];
  const simulator = defineSimulator({
    state: () => ({}),
    routes: [
      {
        method: 'POST',
        path: '/query',
        handle: ({ json }) => {
          const number = Number((json() as { MaThamChieu: string }).MaThamChieu.slice(-3));
          asked.push(number);
          return broken.has(number) ? { status: 500, body: {} } : { body: { MaLoi: '00', TrangThaiGD: '3' } };
        },
      },
    ],
  });
  const host = await startSimulator(simulator);
  const settings = { initUrl: host.url, queryUrl: `${host.url}/query`, partnerCode: 'H60', secretKey: 'mat-ma' };
  const platform = testConnection(settings as Settings, { now: () => Date.parse('2025-08-12T10:15:00+07:00') });
  onTestFinished(async () => {
    platform.close();
    await host.close();
  });
  const payments = numbers(0, count).map((number) => ({
    code: `DVCH60012508120${String(number).padStart(3, '0')}`,
    state: 'pending',
    stateAt: '2025-08-12T08:15:00+07:00',
  }));
  const asks = {
    receivedRecords: async (_: string, __: object, limit: number, after = '') =>
      payments.filter(({ code }) => code > after).slice(0, limit),
  } as unknown as HubQueries;
  /** One run: the payments that each page asked about, with the answer and the failures that it reports. */
  return async () => {
    let checkpoint: unknown;
    const pages: unknown[] = [];
    for (;;) {
      asked = [];
      const page = await transactions.next(platform, checkpoint, asks);
      if ('kind' in page) throw new Error(page.kind);
      pages.push([asked, page.asked?.isAnswered, page.asked?.failures.length]);
      ({ checkpoint } = page);
      if (!page.more) return pages;
    }
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test('payments that the platform cannot answer for delay no payment behind them, and each is a failure of its page', async () => {
  const run = await platformOf(2 * PAGE + 1, new Set(numbers(0, PAGE + 1)));
  expect(await run()).toEqual([
    [numbers(0, PAGE), false, PAGE],
    [numbers(PAGE, 2 * PAGE), true, 1],
    [numbers(2 * PAGE, 2 * PAGE + 1), true, 0],
  ]);
});
