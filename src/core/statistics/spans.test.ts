import { describe, expect, test } from 'vitest';
import { dayAfter, spanStart, spansBetween } from './spans.ts';

describe('totals that cover a period', () => {
  test('are years, months and days', () => {
    expect(spansBetween('2023-12-15', '2026-03-14')).toEqual([
      { span: 'day', first: '2023-12-15', last: '2023-12-31' },
      { span: 'day', first: '2026-03-01', last: '2026-03-14' },
      { span: 'month', first: '2026-01-01', last: '2026-02-01' },
      { span: 'year', first: '2024-01-01', last: '2025-01-01' },
    ]);
    expect(spansBetween('2026-03-02', '2026-03-01')).toEqual([]);
    expect(spansBetween('2026-02-01', '2026-02-28')).toEqual([
      { span: 'month', first: '2026-02-01', last: '2026-02-01' },
    ]);
    expect(spansBetween('2026-02-27', '2026-03-02')).toEqual([
      { span: 'day', first: '2026-02-27', last: '2026-03-02' },
    ]);
  });

  test('cover each day once, whatever the period', () => {
    const days: string[] = [];
    for (let day = '2023-11-20'; day <= '2026-02-10'; day = dayAfter(day)) days.push(day);
    for (let from = 0; from < days.length; from += 13)
      for (let to = from; to < days.length; to += 29) {
        const ranges = spansBetween(days[from] as string, days[to] as string);
        const covering = days.map(
          (day) =>
            ranges.filter(({ span, first, last }) => spanStart(span, day) >= first && spanStart(span, day) <= last)
              .length,
        );
        expect(covering, `${days[from]} ${days[to]}`).toEqual(days.map((_, at) => (at >= from && at <= to ? 1 : 0)));
      }
  });
});
