import type { WorkingCalendar } from '#core/dates/working-time';
import data from './vietnam.json' with { type: 'json' };

/** What a province says of its own offices: it comes before, or beside, what holds in the whole country. */
export interface ProvinceDays {
  readonly officeHours?: WorkingCalendar['hours'];
  readonly daysOff?: readonly string[];
  readonly workdays?: readonly string[];
}

/**
 * The working days of a province: the usual office hours from Monday to Friday, without the holidays of the country.
 *
 * Tết and the days that are exchanged are set anew for each year: of a year that the table does not have, only the
 * holidays on fixed dates are known. A province adds what it knows, and its own hours stand for the usual ones.
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

/** The years of which more is known than the holidays on fixed dates: by the table, or since a province names days off. */
export function knownYears({ daysOff = [] }: Pick<ProvinceDays, 'daysOff'> = {}): ReadonlySet<number> {
  return new Set([...Object.keys(data.years), ...daysOff.map((day) => day.slice(0, 4))].map(Number));
}
