import { DAY_MS, formatLocal, msToInstant, VIETNAM_MS } from '#core/dates/dates';
import type { Dice } from './dice.ts';

const DAYS_BACK = 35;
const OPENS_MIN = 7 * 60 + 30;
const CLOSES_MIN = 17 * 60;

/** The day of a moment in Vietnam as codes of dossiers show it, `yyMMdd`. */
export const dayInCode = (instant: string): string => formatLocal('yyyyMMdd', instant).slice(2);

/** Working days in Vietnam before today, oldest first, as the epoch milliseconds of their midnight. */
export function workingDays(nowMs: number): readonly number[] {
  const today = Math.floor((nowMs + VIETNAM_MS) / DAY_MS) * DAY_MS - VIETNAM_MS;
  const days = Array.from({ length: DAYS_BACK }, (_, at) => today - (DAYS_BACK - at) * DAY_MS);
  return days.filter((day) => ![0, 6].includes(new Date(day + VIETNAM_MS).getUTCDay()));
}

/** Distinct, ordered moments of working time, spread over at most `spanDays` working days. */
export function workingMoments(
  dice: Dice,
  days: readonly number[],
  count: number,
  spanDays: number,
): readonly string[] {
  const first = dice.whole(0, days.length - spanDays);
  const moments = new Set<number>();
  while (moments.size < count) {
    const day = days[first + dice.whole(0, spanDays - 1)] as number;
    moments.add(day + dice.whole(OPENS_MIN * 60, CLOSES_MIN * 60) * 1000);
  }
  return [...moments].sort((a, b) => a - b).map(msToInstant);
}

/** The end of the working day N working days later. */
export function dueAfter(instant: string, workingDaysLater: number): string {
  let day = Math.floor((Date.parse(instant) + VIETNAM_MS) / DAY_MS) * DAY_MS;
  for (let left = workingDaysLater; left > 0; ) {
    day += DAY_MS;
    if (![0, 6].includes(new Date(day).getUTCDay())) left--;
  }
  return msToInstant(day - VIETNAM_MS + CLOSES_MIN * 60_000);
}
