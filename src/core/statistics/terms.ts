import type { Service } from '#schemas/service.upsert.v1';
import { DAY_MS, instantToMs, VIETNAM_MS, writableInstant } from '../dates/dates.ts';
import type { WorkingTime } from '../dates/working-time.ts';

/**
 * The due date by the longest certain term of the service in the catalogue. An hour is a working hour, a day a calendar
 * day, and a month ends on the same day of a later month (Civil Code 2015 art. 148). A due date on a day off moves to
 * the next working day (domain 8.2). Undefined if no term is certain.
 */
export function dueByTerm({ channels = [] }: Pick<Service, 'channels'>, receivedAt: string, working: WorkingTime) {
  const dues = channels.flatMap(({ terms = [] }) =>
    terms.flatMap(({ amount, unit }) => dueAfter(receivedAt, amount, unit, working) ?? []),
  );
  return dues.length > 0 ? dues.reduce((latest, one) => (one > latest ? one : latest)) : undefined;
}

/** No service takes longer. A longer term was misread. */
const MOST_DAYS = 3_650;
/** Days of each unit, to judge the length of a term. */
const DAYS_OF: Readonly<Record<string, number>> = { 'working-day': 1, day: 1, hour: 1 / 8, month: 30 };

function dueAfter(
  receivedAt: string,
  amount: number | undefined,
  unit: string | undefined,
  working: WorkingTime,
): string | undefined {
  const days = DAYS_OF[unit ?? ''];
  if (amount === undefined || days === undefined || amount * days > MOST_DAYS) return undefined;
  const fromMs = instantToMs(receivedAt);
  try {
    if (unit === 'working-day') return writableInstant(working.after(fromMs, amount * working.dayMs));
    if (unit === 'hour') return writableInstant(working.after(fromMs, amount * 3_600_000));
    return writableInstant(
      working.onWorkday(unit === 'month' ? monthsAfter(fromMs, amount) : fromMs + amount * DAY_MS),
    );
  } catch (error) {
    // With hardly any working hours the calendar does not reach the end, so the due date is unknown.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The same day and time after whole months, or the last day of a shorter month. Half a month is 15 days (art. 146). */
function monthsAfter(ms: number, amount: number): number {
  const whole = Math.floor(amount);
  const local = new Date(ms + VIETNAM_MS);
  const day = local.getUTCDate();
  local.setUTCDate(1);
  local.setUTCMonth(local.getUTCMonth() + whole);
  const lastDay = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate();
  local.setUTCDate(Math.min(day, lastDay));
  return local.getTime() - VIETNAM_MS + Math.round((amount - whole) * 30) * DAY_MS;
}
