import { expect, onTestFinished, test } from 'vitest';
import type { HubQueries } from '#kit';
import { defineSimulator, startSimulator, testConnection } from '#kit/testing';
import { transactions } from './query.ts';
import type { Settings } from './settings.ts';

/** As many as a page has. */
const PAGE = 20;

/** A platform with this many open payments. It fails for those in `broken`. */
async function platformOf(count: number, broken: Set<number>) {
  let nowMs = Date.parse('2025-08-12T10:15:00+07:00');
  const asked: number[] = [];
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
  const platform = testConnection(settings as Settings, { now: () => nowMs });
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
  let checkpoint: unknown;
  /** One run, 10 minutes after the one before: the payments that it asked about, and how it ended. */
  return async () => {
    nowMs += 600_000;
    asked.length = 0;
    for (;;) {
      const page = await transactions.next(platform, checkpoint, asks);
      if ('kind' in page) return { asked: [...asked], end: page.kind };
      ({ checkpoint } = page);
      if (!page.more) return { asked: [...asked], end: 'complete' };
    }
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test('a page that the platform cannot answer for delays no payment behind it', async () => {
  const run = await platformOf(2 * PAGE + 1, new Set(numbers(0, PAGE)));
  expect(await run()).toEqual({ asked: numbers(0, 2 * PAGE + 1), end: 'complete' });
});

test('two such pages fail a run, and the next one reaches the payments behind them', async () => {
  const run = await platformOf(3 * PAGE, new Set(numbers(0, 2 * PAGE)));
  expect(await run()).toEqual({ asked: numbers(0, 2 * PAGE), end: 'unavailable' });
  expect(await run()).toEqual({ asked: numbers(PAGE, 3 * PAGE), end: 'complete' });
});

test.each([3, PAGE, 2 * PAGE + 1])('a platform that is away fails every run over %i payments', async (count) => {
  const broken = new Set(numbers(0, count));
  const run = await platformOf(count, broken);
  for (let n = 0; n < 5; n++) {
    const { asked, end } = await run();
    expect([end, asked.length <= 3 * PAGE]).toEqual(['unavailable', true]);
  }
  broken.clear();
  await run();
  expect(await run()).toEqual({ asked: numbers(0, count), end: 'complete' });
});
