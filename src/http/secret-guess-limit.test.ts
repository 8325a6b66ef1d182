import type { Context } from 'hono';
import { expect, test } from 'vitest';
import { DAY_MS } from '#core/dates/dates';
import { createSecretGuessLimit } from './secret-guess-limit.ts';

const c = {} as Context;

function limit() {
  const refreshed: string[] = [];
  const looked: string[] = [];
  const clock = { nowMs: 0 };
  const guessLimit = createSecretGuessLimit(
    { nowMs: () => clock.nowMs },
    {
      take: async () => 60,
      refund: async () => undefined,
      rememberClient: async (subject) => void refreshed.push(subject),
      isKnownClient: async (subject) => {
        looked.push(subject);
        return true;
      },
    },
    { addressOf: () => '203.0.113.1' },
  );
  return { refreshed, looked, clock, check: (owner: string) => guessLimit.check(c, { id: owner }) };
}

test('each use of a key extends its month, and no request waits for that', async () => {
  const { refreshed, looked, clock, check } = limit();
  await check('portal');
  expect(refreshed).toEqual(['203.0.113.1 portal']);
  for (let hour = 0; hour <= 60; hour++) {
    clock.nowMs = hour * 3_600_000;
    expect(check('portal')).toBeUndefined();
  }
  expect([refreshed.length, looked.length]).toEqual([3, 1]);
});

test('a clock that was set back locks no key out', async () => {
  const { clock, check } = limit();
  clock.nowMs = 100 * DAY_MS;
  await check('portal');
  clock.nowMs = 0;
  expect(check('portal')).toBeUndefined();
});
