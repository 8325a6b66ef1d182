import { expect, test } from 'vitest';
import { createChangeSignal } from './change-signal.ts';

test('a notification wakes all waiters, and a timed-out waiter leaves nothing behind', async () => {
  const bell = createChangeSignal();
  const all = Promise.all(Array.from({ length: 3 }, () => bell.next(60_000)));
  expect(bell.waiting()).toBe(3);
  bell.notify();
  await all;
  await Promise.all(Array.from({ length: 100 }, () => bell.next(1)));
  expect(bell.waiting()).toBe(0);
});
