import { expect, test } from 'vitest';
import { percentOf } from './percent.ts';

test('a share of 100 percent means all', () => {
  expect(percentOf(19_999, 20_000)).toBe(99.99);
  expect(percentOf(9_999_999, 10_000_000)).toBe(99.99);
  expect(percentOf(20_000, 20_000)).toBe(100);
});

test('a share has two decimals, and is null without any whole', () => {
  expect([percentOf(2, 3), percentOf(1, 3), percentOf(0, 3), percentOf(0, 0)]).toEqual([66.67, 33.33, 0, null]);
});
