import { expect, test } from 'vitest';
import { trendOf } from './soak-trend.ts';

const looks = (values: readonly number[]) => values.map((value, at) => ({ atMs: at * 60_000, value }));

test('what stays as it is is flat, and what grows is not, by its quarters and its slope', () => {
  const most = (first: number) => first * 1.1;
  const flat = trendOf('memory', 'MB', looks([100, 104, 96, 100, 101, 99, 100, 102]), most);
  expect(flat).toMatchObject({ flat: true, first: 102, last: 101 });
  expect(Math.abs(flat.slopePerHour)).toBeLessThan(15);
  const growing = trendOf('memory', 'MB', looks([100, 110, 120, 130, 140, 150, 160, 170]), most);
  expect(growing).toMatchObject({ flat: false, first: 105, last: 165 });
  expect(growing.slopePerHour).toBeCloseTo(600, 6);
});

test('what is only shown is never held against anybody', () => {
  expect(trendOf('rows', '', looks([1, 1_000]))).toMatchObject({ flat: true, most: undefined });
});
