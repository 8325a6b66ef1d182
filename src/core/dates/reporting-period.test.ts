import { expect, test } from 'vitest';
import { monthsBetween, reportingPeriod } from './reporting-period.ts';

test.each([
  ['2026-Q1', undefined, '2025-12-15', '2026-03-14'],
  ['2026-Q2', undefined, '2026-03-15', '2026-06-14'],
  ['2026-Q4', undefined, '2026-09-15', '2026-12-14'],
  ['2026', undefined, '2025-12-15', '2026-12-14'],
  ['2026-01', undefined, '2025-12-15', '2026-01-14'],
  ['2026-12', undefined, '2026-11-15', '2026-12-14'],
  ['2024-02', 1, '2024-02-01', '2024-02-29'],
  ['2024-Q1', 1, '2024-01-01', '2024-03-31'],
  ['2026', 1, '2026-01-01', '2026-12-31'],
])('the period %s with first day %s is from %s to %s', (text, day, from, to) => {
  expect(reportingPeriod(text, day)).toEqual({ from, to });
});

test.each(['2026-Q5', '2026-1', '2026-13', '2026-00', 'Q1', '1999', ''])('%j is no reporting period', (text) => {
  expect(reportingPeriod(text)).toBeUndefined();
});

test('months cover a period exactly', () => {
  const months = monthsBetween('2025-11-20T10:00:00+07:00', '2026-02-03T08:00:00+07:00');
  expect(months).toEqual([
    { key: '2025-11', from: '2025-11-20T10:00:00+07:00', to: '2025-11-30T23:59:59.999+07:00' },
    { key: '2025-12', from: '2025-12-01T00:00:00+07:00', to: '2025-12-31T23:59:59.999+07:00' },
    { key: '2026-01', from: '2026-01-01T00:00:00+07:00', to: '2026-01-31T23:59:59.999+07:00' },
    { key: '2026-02', from: '2026-02-01T00:00:00+07:00', to: '2026-02-03T08:00:00+07:00' },
  ]);
});
