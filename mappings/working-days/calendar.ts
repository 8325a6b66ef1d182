import type { WorkingCalendar } from '#core/dates/working-time';
import data from './vietnam.json' with { type: 'json' };

/** A province's own office hours and days, which override or extend the national calendar. */
export interface ProvinceDays {
  readonly officeHours?: WorkingCalendar['hours'];
  readonly daysOff?: readonly string[];
  readonly workdays?: readonly string[];
}

/**
 * The working days of a province: the usual office hours from Monday to Friday, without national holidays.
 *
 * Tết and swapped days are set each year. For a year that is missing in the table, only holidays on fixed dates are
 * known. A province adds its own days, and its hours replace the usual ones.
 */
export function workingCalendar({ officeHours, daysOff = [], workdays = [] }: ProvinceDays = {}): WorkingCalendar {
  const years = Object.values(data.years);
  return {
    hours: officeHours ?? data.officeHours,
    everyYear: data.everyYear,
    daysOff: [...years.flatMap((year) => year.daysOff).filter((day) => !workdays.includes(day)), ...daysOff],
    workdays: [...years.flatMap((year) => year.workdays).filter((day) => !daysOff.includes(day)), ...workdays],
  };
}

/** The years with more known than the holidays on fixed dates: from the table, or from the days off of a province. */
export function knownYears({ daysOff = [] }: Pick<ProvinceDays, 'daysOff'> = {}): ReadonlySet<number> {
  return new Set([...Object.keys(data.years), ...daysOff.map((day) => day.slice(0, 4))].map(Number));
}
