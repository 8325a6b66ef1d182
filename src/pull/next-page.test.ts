import { expect, test } from 'vitest';
import type { Connection } from '../kit/connection.ts';
import { nextPage } from './next-page.ts';

test('a page that does not come in time ends the calls of the adapter, with a clear code', async () => {
  const signals: AbortSignal[] = [];
  const party = {
    connectUntil(signal: AbortSignal) {
      signals.push(signal);
      return {} as Connection;
    },
  };
  const silent = { next: () => new Promise<never>(() => undefined) };
  expect(await nextPage(silent, party, 7, undefined as never, 30)).toMatchObject({
    kind: 'unavailable',
    reason: 'timeout',
    words: { code: 'no-page-within' },
  });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});
