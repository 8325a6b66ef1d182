/** No instant is earlier or later. See dates.ts. */
export const FIRST_DAY = '1900-01-01';
export const LAST_DAY = '2200-12-31';

/** The lengths of time that have totals of their own. */
export const SPANS = ['day', 'month', 'year'] as const;
export type Span = (typeof SPANS)[number];

/** Consecutive totals of one length, by their first days (`yyyy-MM-dd`). */
export interface SpanRange {
  readonly span: Span;
  readonly first: string;
  readonly last: string;
}

/** The first day of the day, month or year of a day. */
export function spanStart(span: Span, day: string): string {
  if (span === 'day') return day;
  return span === 'month' ? `${day.slice(0, 8)}01` : `${day.slice(0, 5)}01-01`;
}

/**
 * The fewest totals that cover the days from `first` to `last`: whole years, the whole months beside them, and the days
 * at both ends. Empty if `first` is later than `last`.
 */
export function spansBetween(first: string, last: string): readonly SpanRange[] {
  const found: SpanRange[] = [];
  const add = (span: Span, from: string, to: string): void => {
    if (from <= to) found.push({ span, first: from, last: to });
  };
  // Each step takes what does not fill the next length from both ends.
  let [from, to] = [first, last];
  for (const [span, whole] of [
    ['day', 'month'],
    ['month', 'year'],
  ] as const) {
    if (from > to) return found;
    const head = spanStart(whole, from) === from ? from : nextStart(whole, from);
    const tail = nextStart(whole, to) === dayAfter(to) ? to : dayBefore(spanStart(whole, to));
    if (head > tail) {
      add(span, from, spanStart(span, to));
      return found;
    }
    add(span, from, spanStart(span, dayBefore(head)));
    add(span, dayAfter(tail), spanStart(span, to));
    [from, to] = [head, tail];
  }
  add('year', from, spanStart('year', to));
  return found;
}

/** The first day of the next month or year. */
function nextStart(span: 'month' | 'year', day: string): string {
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7))];
  return dateOf(span === 'year' ? year + 1 : year, span === 'year' ? 0 : month, 1);
}

export function dayAfter(day: string): string {
  return shift(day, 1);
}

export function dayBefore(day: string): string {
  return shift(day, -1);
}

function shift(day: string, days: number): string {
  return dateOf(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1, Number(day.slice(8, 10)) + days);
}

function dateOf(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
}
