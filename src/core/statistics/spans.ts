/** No instant is earlier or later. See dates.ts. */
export const FIRST_DAY = '1900-01-01';
export const LAST_DAY = '2200-12-31';

/** The lengths of time that have totals of their own. A third of a month begins on its 1st, 11th or 21st day. */
export const SPANS = ['day', 'third', 'month', 'year'] as const;
export type Span = (typeof SPANS)[number];

/** Consecutive totals of one length, by their first days (`yyyy-MM-dd`). */
export interface SpanRange {
  readonly span: Span;
  readonly first: string;
  readonly last: string;
  /** Whether to add these totals, or to take them off. */
  readonly sign: 1 | -1;
}

/** The first day of the day, third, month or year of a day. */
export function spanStart(span: Span, day: string): string {
  if (span === 'day') return day;
  if (span === 'third') return `${day.slice(0, 8)}${day.slice(8) < '11' ? '01' : day.slice(8) < '21' ? '11' : '21'}`;
  return span === 'month' ? `${day.slice(0, 8)}01` : `${day.slice(0, 5)}01-01`;
}

/**
 * Few totals whose sum is the days from `first` to `last`. A year without its last month is the year minus that month: two
 * totals instead of eleven. Empty if `first` is later than `last`.
 */
export function spansBetween(first: string, last: string): readonly SpanRange[] {
  if (first > last) return [];
  const end = dayAfter(last);
  const signs = new Map<string, number>();
  const add = (totals: readonly Total[], sign: 1 | -1): void => {
    for (const one of totals) {
      const name = `${one.span} ${one.start}`;
      signs.set(name, (signs.get(name) ?? 0) + sign * one.sign);
    }
  };
  const [firstYear, endYear] = [spanStart('year', first), spanStart('year', end)];
  add(listed('year', firstYear, endYear, 1), 1);
  add(splitAt('year', end).before, 1);
  // Spans that both ends share cancel out.
  add(splitAt('year', first).before, -1);
  return SPANS.flatMap((span) => rangesOf(span, signs));
}

interface Total {
  readonly span: Span;
  readonly start: string;
  readonly sign: 1 | -1;
}

/** The totals of the days in a span before a day, and those of the day and the rest. */
function splitAt(span: Span, day: string): { readonly before: readonly Total[]; readonly rest: readonly Total[] } {
  const start = spanStart(span, day);
  const all: readonly Total[] = [{ span, start, sign: 1 }];
  if (start === day) return { before: [], rest: all };
  const part = SPANS[SPANS.indexOf(span) - 1] as Span;
  const [split, child, end] = [splitAt(part, day), spanStart(part, day), nextStart(span, day)];
  const next = nextStart(part, day);
  const before = shorter(
    [...listed(part, start, child, 1), ...split.before],
    [...listed(part, start, next, 1), ...negative(split.rest)],
  );
  const rest = shorter(
    [...listed(part, child, end, 1), ...negative(split.before)],
    [...listed(part, next, end, 1), ...split.rest],
  );
  return { before: shorter(before, [...all, ...negative(rest)]), rest: shorter(rest, [...all, ...negative(before)]) };
}

/** The totals of one length from a start to another one, which is not included. */
function listed(span: Span, from: string, to: string, sign: 1 | -1): readonly Total[] {
  const totals: Total[] = [];
  for (let start = from; start < to; start = nextStart(span, start)) totals.push({ span, start, sign });
  return totals;
}

function shorter(one: readonly Total[], other: readonly Total[]): readonly Total[] {
  return other.length < one.length ? other : one;
}

function negative(totals: readonly Total[]): readonly Total[] {
  return totals.map((one) => ({ ...one, sign: one.sign === 1 ? -1 : 1 }));
}

/** Joins neighbours of one sign. */
function rangesOf(span: Span, signs: ReadonlyMap<string, number>): readonly SpanRange[] {
  const starts = [...signs].flatMap(([name, sign]) => {
    const [of, start] = name.split(' ') as [Span, string];
    return of === span && sign !== 0 ? [{ start, sign: sign as 1 | -1 }] : [];
  });
  const ranges: SpanRange[] = [];
  for (const { start, sign } of starts.sort((a, b) => (a.start < b.start ? -1 : 1))) {
    const previous = ranges.at(-1);
    if (previous?.sign === sign && nextStart(span, previous.last) === start)
      ranges[ranges.length - 1] = { ...previous, last: start };
    else ranges.push({ span, first: start, last: start, sign });
  }
  return ranges;
}

/** The first day of the next day, third, month or year. */
export function nextStart(span: Span, day: string): string {
  if (span === 'day') return dayAfter(day);
  if (span === 'third' && day.slice(8) < '21') return `${day.slice(0, 8)}${day.slice(8) < '11' ? '11' : '21'}`;
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
