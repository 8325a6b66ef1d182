import { describe, expect, test } from 'vitest';
import { dayAfter, SPANS, spanStart, spansBetween } from './spans.ts';

describe('totals that cover a period', () => {
  test('are whole spans, and long ones without their ends', () => {
    expect(spansBetween('2026-03-02', '2026-03-01')).toEqual([]);
    expect(spansBetween('2024-01-01', '2025-12-31')).toEqual([
      { span: 'year', first: '2024-01-01', last: '2025-01-01', sign: 1 },
    ]);
    expect(spansBetween('2026-02-01', '2026-02-28')).toEqual([
      { span: 'month', first: '2026-02-01', last: '2026-02-01', sign: 1 },
    ]);
    expect(spansBetween('2026-01-01', '2026-10-29')).toEqual([
      { span: 'day', first: '2026-10-30', last: '2026-10-31', sign: -1 },
      { span: 'month', first: '2026-11-01', last: '2026-12-01', sign: -1 },
      { span: 'year', first: '2026-01-01', last: '2026-01-01', sign: 1 },
    ]);
  });

  test('cover each day once, and are few, whatever the period', () => {
    const days: string[] = [];
    for (let day = '2023-11-20'; day <= '2026-02-10'; day = dayAfter(day)) days.push(day);
    for (let from = 0; from < days.length; from += 41)
      for (let to = from; to < days.length; to += 53) {
        const ranges = spansBetween(days[from] as string, days[to] as string);
        const covering = days.map((day) =>
          ranges
            .filter(({ span, first, last }) => spanStart(span, day) >= first && spanStart(span, day) <= last)
            .reduce((sum, { sign }) => sum + sign, 0),
        );
        expect(covering, `${days[from]} ${days[to]}`).toEqual(days.map((_, at) => (at >= from && at <= to ? 1 : 0)));
        // Each end takes at most 5 days, 1 third and 6 months; and there may be a year between them.
        const starts = SPANS.map((span) => new Set(days.map((day) => spanStart(span, day))));
        const totals = ranges.flatMap(({ span, first, last }) =>
          [...(starts[SPANS.indexOf(span)] as Set<string>)].filter((start) => start >= first && start <= last),
        );
        expect(totals.length, `${days[from]} ${days[to]}`).toBeLessThanOrEqual(2 * (5 + 1 + 6) + 2);
      }
  });
});
