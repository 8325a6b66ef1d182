import { DAY_MS, VIETNAM_MS } from './dates.ts';
import { DAYS, type Day, type MaintenanceWindow, msOfDay } from './windows.ts';

/** The working hours of offices, in Vietnam time. */
export interface WorkingCalendar {
  /** Hours within one day; where they overlap they count once. Monday to Friday if no days are named. */
  readonly hours: readonly MaintenanceWindow[];
  /** Holidays on fixed dates, `MM-dd`. */
  readonly everyYear: readonly string[];
  /** Other days off, `yyyy-MM-dd`: Tết, substitute holidays, swapped days. */
  readonly daysOff: readonly string[];
  /** Working days that would otherwise be off, `yyyy-MM-dd`. They have the hours of an ordinary day. */
  readonly workdays: readonly string[];
}

export interface WorkingTime {
  /** Another text for another calendar. */
  readonly calendar: string;
  /** The working time between two moments, in milliseconds. 0 if `to` is not later. */
  between(fromMs: number, toMs: number): number;
  /**
   * The moment at which this much working time has passed since `fromMs`, epoch milliseconds. A start outside hours
   * counts from the next working hour.
   *
   * @throws RangeError if that takes more than 20 years
   */
  after(fromMs: number, workingMs: number): number;
  /**
   * The same time on that day, or on the next working day if it is off, epoch milliseconds. A term in calendar days
   * does not end on a day off.
   *
   * @throws RangeError if no working day comes within 20 years
   */
  onWorkday(ms: number): number;
  /**
   * The working time of an ordinary day, that is of Monday or the first day after it that has hours. A term in working
   * days counts it as one day.
   */
  readonly dayMs: number;
}

const MOST_DAYS = 20 * 366;
const WEEK: readonly Day[] = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'];

/** A working part of a day, in milliseconds since its midnight. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export function createWorkingTime(calendar: WorkingCalendar): WorkingTime {
  const byDay = DAYS.map((day) => spansOf(calendar, day));
  const ordinary = [...byDay.slice(1), ...byDay.slice(0, 1)].find((spans) => spans.length > 0) ?? [];
  const off = new Set(calendar.daysOff.map(dayOf));
  const worked = new Set(calendar.workdays.map(dayOf));
  const yearly = new Set(calendar.everyYear);

  /** @param day days since 1 January 1970, a Thursday; negative before */
  function spansAt(day: number): readonly Span[] {
    if (worked.has(day)) return ordinary;
    if (off.has(day) || yearly.has(new Date(day * DAY_MS).toISOString().slice(5, 10))) return [];
    const weekday = (day + 4) % 7;
    return byDay[weekday < 0 ? weekday + 7 : weekday] as readonly Span[];
  }

  return {
    calendar: JSON.stringify(calendar),
    dayMs: ordinary.reduce((sum, { from, to }) => sum + to - from, 0),
    between(fromMs, toMs) {
      const [from, to] = [fromMs + VIETNAM_MS, toMs + VIETNAM_MS];
      let sum = 0;
      for (let day = Math.floor(from / DAY_MS); day * DAY_MS < to; day++)
        for (const span of spansAt(day))
          sum += Math.max(0, Math.min(to, day * DAY_MS + span.to) - Math.max(from, day * DAY_MS + span.from));
      return sum;
    },
    after(fromMs, workingMs) {
      const from = fromMs + VIETNAM_MS;
      const first = Math.floor(from / DAY_MS);
      let left = workingMs;
      for (let day = first; day < first + MOST_DAYS; day++)
        for (const span of spansAt(day)) {
          const begin = Math.max(from, day * DAY_MS + span.from);
          const room = day * DAY_MS + span.to - begin;
          if (room <= 0) continue;
          if (left <= room) return begin + left - VIETNAM_MS;
          left -= room;
        }
      throw new RangeError(`${workingMs} ms of working time do not pass within ${MOST_DAYS} days`);
    },
    onWorkday(ms) {
      const first = Math.floor((ms + VIETNAM_MS) / DAY_MS);
      for (let day = first; day < first + MOST_DAYS; day++)
        if (spansAt(day).length > 0) return ms + (day - first) * DAY_MS;
      throw new RangeError(`no day is worked within ${MOST_DAYS} days`);
    },
  };
}

function spansOf({ hours }: WorkingCalendar, day: Day): readonly Span[] {
  const given = hours
    .filter(({ days = WEEK }) => days.includes(day))
    .map(({ from, to }) => ({ from: msOfDay(from), to: msOfDay(to) }))
    .sort((a, b) => a.from - b.from);
  let workedTo = 0;
  return given.flatMap(({ from, to }) => {
    const rest = { from: Math.max(from, workedTo), to };
    workedTo = Math.max(workedTo, to);
    return rest.from < to ? [rest] : [];
  });
}

function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}
