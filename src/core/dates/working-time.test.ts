import { expect, test } from 'vitest';
import { workingCalendar } from '#mappings/working-days/calendar';
import { instantToMs, msToInstant } from './dates.ts';
import { createWorkingTime } from './working-time.ts';

const working = createWorkingTime(workingCalendar());

/** Two working days from the start of a day. The first is the "no date" of SQL Server and VB, and a holiday. */
test.each([
  ['1900-01-01', '1900-01-03'],
  ['1960-05-12', '1960-05-13'],
  ['1969-12-31', '1970-01-02'],
  ['2025-08-12', '2025-08-13'],
])('counts working time from %s', (date, secondDay) => {
  const beganMs = instantToMs(`${date}T00:00:00+07:00`);
  const due = msToInstant(working.after(beganMs, working.dayMs * 2));
  expect(due.slice(0, 10)).toBe(secondDay);
  expect(working.between(beganMs, instantToMs(due))).toBe(working.dayMs * 2);
});

test('knows each day of the week before 1970', () => {
  const days = Array.from({ length: 7 }, (_, n) => instantToMs(`1969-11-${17 + n}T00:00:00+07:00`));
  const worked = days.map((ms) => working.between(ms, ms + 86_400_000) / working.dayMs);
  // Monday 17 November to Sunday 23 November.
  expect(worked).toEqual([1, 1, 1, 1, 1, 0, 0]);
});

test('where Mondays are off, the first working day of the week says how long a working day is', () => {
  const hours = [{ from: '08:00', to: '12:00', days: ['tuesday', 'saturday'] as const }];
  // 17 November 2025 is a Monday.
  const monday = instantToMs('2025-11-17T00:00:00+07:00');
  const time = createWorkingTime({ hours, everyYear: [], daysOff: [], workdays: ['2025-11-17'] });
  expect(time.dayMs).toBe(4 * 3_600_000);
  expect(time.between(monday, monday + 86_400_000)).toBe(time.dayMs);
});

test('hours that overlap count once', () => {
  const hours = [
    { from: '09:00', to: '10:00' },
    { from: '07:00', to: '11:30' },
    { from: '11:00', to: '13:00' },
  ];
  const time = createWorkingTime({ hours, everyYear: [], daysOff: [], workdays: [] });
  const monday = instantToMs('2025-11-17T00:00:00+07:00');
  expect(time.between(monday, monday + 86_400_000)).toBe(6 * 3_600_000);
  expect(msToInstant(time.after(monday, time.dayMs))).toBe('2025-11-17T13:00:00+07:00');
});
