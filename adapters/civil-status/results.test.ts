import { expect, onTestFinished, test } from 'vitest';
import type { HubQueries } from '#kit';
import { defineSimulator, startSimulator, testConnection } from '#kit/testing';
import { results } from './results.ts';
import type { Settings } from './settings.ts';

/** A ministry with this many outstanding dossiers. It fails for those in `broken`. */
async function ministryOf(count: number, broken: Set<number>) {
  let nowMs = Date.parse('2025-08-13T10:00:00+07:00');
  let asked: number[] = [];
  const simulator = defineSimulator({
    state: () => ({}),
    routes: [
      { method: 'POST', path: '/token', handle: () => ({ body: { access_token: 't', expires_in: 3600 } }) },
      {
        method: 'POST',
        path: '/apiLienThongKSKT/1.0/layKetQuaDKHT',
        handle: ({ json }) => {
          const codes = (json() as { maDinhDanhHoSo: string[] }).maDinhDanhHoSo.map((code) => Number(code.slice(-4)));
          asked.push(...codes);
          return codes.some((code) => broken.has(code))
            ? { status: 500, body: '' }
            : { body: { status: 1, value: [] } };
        },
      },
    ],
  });
  const host = await startSimulator(simulator);
  const keys = { consumerKey: 'khoa', consumerSecret: 'mat-ma', lgspAccessToken: 'ma-lgsp' };
  const settings = { tokenUrl: `${host.url}/token`, baseUrl: host.url, ...keys, maTinh: '08', maDonVi: '02269' };
  const connection = testConnection<Settings>(settings, { now: () => nowMs });
  onTestFinished(async () => {
    connection.close();
    await host.close();
  });
  const dossiers = numbers(0, count).map((number) => ({
    code: `H60.01-250812-${String(number).padStart(4, '0')}`,
    serviceCode: '1.001193',
    receivedAt: '2025-08-12T08:15:00+07:00',
  }));
  const asks = {
    outstanding: async (limit: number, after = '') => dossiers.filter(({ code }) => code > after).slice(0, limit),
    unknownSteps: async () => new Set(),
  } as unknown as HubQueries;
  let checkpoint: unknown;
  /** One run, 2 minutes after the one before: the dossiers that it asked about, and how it ended. */
  return async () => {
    nowMs += 120_000;
    asked = [];
    for (;;) {
      const page = await results.next(connection, checkpoint, asks);
      if ('kind' in page) return { asked: [...new Set(asked)], end: page.kind };
      ({ checkpoint } = page);
      if (!page.more) return { asked: [...new Set(asked)], end: 'complete' };
    }
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test('three dossiers that the ministry cannot answer for delay no dossier behind them', async () => {
  const run = await ministryOf(7, new Set([0, 1, 2]));
  expect(await run()).toEqual({ asked: numbers(0, 7), end: 'complete' });
});

test('six such dossiers fail a run, and the next one reaches the dossiers behind them', async () => {
  const run = await ministryOf(9, new Set(numbers(0, 6)));
  expect(await run()).toEqual({ asked: numbers(0, 6), end: 'unavailable' });
  expect(await run()).toEqual({ asked: numbers(3, 9), end: 'complete' });
});

test.each([1, 3, 4, 7])('a ministry that is away fails every run over %i dossiers', async (count) => {
  const broken = new Set(numbers(0, count));
  const run = await ministryOf(count, broken);
  for (let n = 0; n < 5; n++) {
    const { asked, end } = await run();
    expect([end, asked.length <= 7]).toEqual(['unavailable', true]);
  }
  broken.clear();
  await run();
  expect(await run()).toEqual({ asked: numbers(0, count), end: 'complete' });
});
