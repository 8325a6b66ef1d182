import { expect, test } from 'vitest';
import { createChangeSignal } from './change-signal.ts';

test('a notification wakes all waiters, and a timed-out waiter leaves nothing behind', async () => {
  const signal = createChangeSignal();
  const all = Promise.all(Array.from({ length: 3 }, () => signal.next(60_000)));
  expect(signal.waiting()).toBe(3);
  signal.notify();
  await all;
  await Promise.all(Array.from({ length: 100 }, () => signal.next(1)));
  expect(signal.waiting()).toBe(0);
});
