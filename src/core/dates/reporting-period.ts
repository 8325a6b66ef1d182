import { endOfDay, startOfDay } from './dates.ts';

/** The day of the month on which a reporting period begins, if the province sets no other (NĐ 09/2019/NĐ-CP). */
const REPORTING_DAY = 15;

/**
 * A period of the reports on administrative procedures: a year (`2026`: from 15 December 2025 to 14 December 2026), a
 * quarter (`2026-Q1`: from 15 December 2025 to 14 March 2026) or a month (`2026-03`: from 15 February to 14 March 2026).
 * They differ from calendar periods.
 *
 * @param firstDay the day of the month on which a period begins, 1 to 28; 1 gives calendar periods
 * @returns its first and last day, `yyyy-MM-dd`; undefined if the text names no such period
 */
export function reportingPeriod(
  text: string,
  firstDay: number = REPORTING_DAY,
): { readonly from: string; readonly to: string } | undefined {
  const match = /^(20\d\d)(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?$/.exec(text);
  if (!match) return undefined;
  const year = Number(match[1]);
  const [first, months] = spanOf(match[2], match[3]);
  // With a first day after the 1st, a period begins in the previous month.
  const begins = firstDay === 1 ? first : first - 1;
  return { from: dayOf(year, begins, firstDay), to: dayOf(year, begins + months, firstDay - 1) };
}

function spanOf(quarter: string | undefined, month: string | undefined): readonly [first: number, months: number] {
  if (quarter !== undefined) return [(Number(quarter) - 1) * 3, 3];
  return month === undefined ? [0, 12] : [Number(month) - 1, 1];
}

function dayOf(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
}

/** The calendar months between two instants, `yyyy-MM`, with their first and last moments. */
export function monthsBetween(
  from: string,
  to: string,
): readonly { readonly key: string; readonly from: string; readonly to: string }[] {
  const months = [];
  let [year, month] = [Number(from.slice(0, 4)), Number(from.slice(5, 7)) - 1];
  for (let first = from; first <= to; ) {
    const next = startOfDay(dayOf(year, month + 1, 1));
    const last = endOfDay(dayOf(year, month + 1, 0));
    months.push({ key: first.slice(0, 7), from: first, to: last < to ? last : to });
    first = next;
    [year, month] = [year + Math.floor((month + 1) / 12), (month + 1) % 12];
  }
  return months;
}
