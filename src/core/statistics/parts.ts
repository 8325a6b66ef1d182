import { endOfDay, instantToMs, msToInstant, startOfDay } from '../dates/dates.ts';
import { KINDS, type Kind } from './changes.ts';
import { dayAfter, dayBefore, FIRST_DAY, type SpanRange, spansBetween } from './spans.ts';

/** A stretch of time as totals of whole days, and what is left of days that it covers in part. */
export interface Part {
  readonly spans: readonly SpanRange[];
  readonly windows: readonly Window[];
  /** The kinds of changes that matter. */
  readonly kinds: readonly Kind[];
}

/** The moments from `since` to `until`, both included, within one day. */
export interface Window {
  readonly since: string;
  readonly until: string;
}

const NOTHING: Part = { spans: [], windows: [], kinds: [] };

/** The moments from one instant to another, both included. Empty if `from` is later than `to`. */
export function partBetween(from: string, to: string): Part {
  if (from > to) return NOTHING;
  const [firstDay, lastDay] = [from.slice(0, 10), to.slice(0, 10)];
  const isWholeStart = from === startOfDay(firstDay);
  const isWholeEnd = to === endOfDay(lastDay);
  if (firstDay === lastDay && !(isWholeStart && isWholeEnd))
    return { spans: [], windows: [{ since: from, until: to }], kinds: KINDS };
  return {
    spans: spansBetween(isWholeStart ? firstDay : dayAfter(firstDay), isWholeEnd ? lastDay : dayBefore(lastDay)),
    windows: [
      ...(isWholeStart ? [] : [{ since: from, until: endOfDay(firstDay) }]),
      ...(isWholeEnd ? [] : [{ since: startOfDay(lastDay), until: to }]),
    ],
    kinds: KINDS,
  };
}

/** All moments before an instant. */
export function partBefore(instant: string): Part {
  if (instant <= startOfDay(FIRST_DAY)) return NOTHING;
  return partBetween(startOfDay(FIRST_DAY), msToInstant(instantToMs(instant) - 1));
}

/** The moments after an instant, up to another one. */
export function partAfter(instant: string, to: string): Part {
  return instant < to ? partBetween(msToInstant(instantToMs(instant) + 1), to) : NOTHING;
}

/** The same for the changes that make dossiers late. */
export function latenessAfter(instant: string, to: string): Part {
  return { ...partAfter(instant, to), kinds: ['overdue', 'settled'] };
}
