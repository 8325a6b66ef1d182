import { msToInstant } from '#core/dates/dates';
import { knownYears } from '#mappings/working-days/calendar';
import type { HubFile } from '../../config/config.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('settings');
/** By then the government has announced the days off of the next year. */
const FROM_MONTH = '11';

/** Checks that the working days of this year are known, and from November those of the next. */
export function checkCalendar({ province }: HubFile, nowMs: number): Finding {
  const today = msToInstant(nowMs);
  const year = Number(today.slice(0, 4));
  const known = knownYears(province);
  const wanted = today.slice(5, 7) >= FROM_MONTH ? [year, year + 1] : [year];
  const missing = wanted.filter((one) => !known.has(one));
  if (missing.length === 0) return finding('ok', `the working days of ${wanted.join(' and ')} are known`);
  return finding(
    'warn',
    `of ${missing.join(' and ')} only the holidays on fixed dates are known: Tết and exchanged days count as worked`,
    'give them in province.daysOff and province.workdays, or install a version that has them',
  );
}
