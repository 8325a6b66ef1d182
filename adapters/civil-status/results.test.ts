import { expect, onTestFinished, test } from 'vitest';
import type { HubQueries } from '#kit';
import { defineSimulator, startSimulator, testConnection } from '#kit/testing';
import { results } from './results.ts';
import type { Settings } from './settings.ts';

/** A ministry with this many outstanding dossiers. It fails for those in `broken`. */
async function ministryOf(count: number, broken: Set<number>) {
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
  const connection = testConnection<Settings>(settings, {
    now: () => Date.parse('2025-08-13T10:00:00+07:00'),
  });
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
  /** One round: the dossiers that each page asked about, with the answer and the failures that it reports. */
  return async () => {
    let checkpoint: unknown;
    const pages: unknown[] = [];
    for (;;) {
      asked = [];
      const page = await results.next(connection, checkpoint, asks);
      if ('kind' in page) throw new Error(page.kind);
      pages.push([[...new Set(asked)], page.asked?.isAnswered, page.asked?.failures.length]);
      ({ checkpoint } = page);
      if (!page.more) return pages;
    }
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test('dossiers that the ministry cannot answer for delay no dossier behind them, and each is a failure of its page', async () => {
  const round = await ministryOf(7, new Set([0, 1, 2, 5]));
  expect(await round()).toEqual([
    [[0, 1, 2], false, 3],
    [[3, 4, 5], true, 1],
    [[6], true, 0],
  ]);
});
