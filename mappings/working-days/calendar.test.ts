import { describe, expect, test } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import { createWorkingTime } from '#core/dates/working-time';
import { workingCalendar } from './calendar.ts';

const time = createWorkingTime(workingCalendar());
const HOUR = 3_600_000;
const ms = (local: string): number => Date.parse(`${local.replace(' ', 'T')}:00+07:00`);
const shown = (at: number): string => msToInstant(at).slice(0, 16).replace('T', ' ');
const due = (from: string, days: number): string => shown(time.after(ms(from), days * time.dayMs));

describe('a working day', () => {
  test('has eight hours: four and a half in the morning, three and a half in the afternoon', () => {
    expect(time.dayMs).toBe(8 * HOUR);
  });

  test.each([
    ['2025-08-12 07:00', '2025-08-12 17:00', 8],
    ['2025-08-12 06:00', '2025-08-12 07:30', 0.5],
    ['2025-08-12 11:00', '2025-08-12 14:00', 1],
    ['2025-08-12 12:00', '2025-08-12 13:00', 0],
    ['2025-08-12 17:00', '2025-08-13 07:00', 0],
    // Friday to Monday.
    ['2025-08-15 16:00', '2025-08-18 08:00', 2],
    ['2025-08-16 08:00', '2025-08-17 20:00', 0],
    // A year's end: the first of January is free.
    ['2024-12-31 16:30', '2025-01-02 07:30', 1],
    // A leap day is a day.
    ['2024-02-28 07:00', '2024-03-01 17:00', 24],
    // The week of Tết.
    ['2025-01-24 16:00', '2025-02-03 08:00', 2],
    ['2026-02-13 16:00', '2026-02-23 08:00', 2],
    // A Friday that was exchanged for the Saturday before.
    ['2025-05-02 07:00', '2025-05-02 17:00', 0],
    ['2025-04-26 07:00', '2025-04-26 17:00', 8],
    ['2024-04-29 07:00', '2024-05-04 17:00', 24],
    ['2026-08-22 07:00', '2026-08-22 17:00', 8],
    ['2026-08-28 16:00', '2026-09-03 08:00', 2],
    // Of a year that the table lacks, the fixed dates are known.
    ['2031-09-02 07:00', '2031-09-02 17:00', 0],
    ['2025-08-12 10:00', '2025-08-12 09:00', 0],
  ])('has from %s to %s %f working hours', (from, to, hours) => {
    expect(time.between(ms(from), ms(to))).toBe(hours * HOUR);
  });
});

describe('a deadline', () => {
  test.each([
    ['2025-08-12 08:15', 5, '2025-08-19 08:15'],
    // After hours begins the next working morning, lunch with the afternoon, before hours with the morning.
    ['2025-08-12 17:30', 1, '2025-08-13 17:00'],
    ['2025-08-12 06:10', 1, '2025-08-12 17:00'],
    ['2025-08-12 12:00', 1, '2025-08-13 11:30'],
    ['2025-08-15 17:00', 1, '2025-08-18 17:00'],
    ['2025-08-16 10:00', 2, '2025-08-19 17:00'],
    // Over Tết, with Hùng Kings' day, over exchanged days and a leap day.
    ['2025-01-24 14:00', 3, '2025-02-05 14:00'],
    ['2025-04-04 09:00', 1, '2025-04-08 09:00'],
    ['2025-04-25 08:00', 4, '2025-05-05 08:00'],
    ['2024-02-28 09:00', 2, '2024-03-01 09:00'],
    ['2026-08-21 10:00', 6, '2026-08-28 10:00'],
    ['2026-08-28 10:00', 1, '2026-09-03 10:00'],
    ['2024-12-31 10:00', 1, '2025-01-02 10:00'],
    ['2025-08-12 09:00', 0, '2025-08-12 09:00'],
    ['2025-08-12 19:00', 0, '2025-08-13 07:00'],
  ])('of a dossier from %s in %i working days is %s', (from, days, to) => {
    expect(due(from, days)).toBe(to);
  });

  test('agrees with the working time up to it, from any start', () => {
    for (let n = 0; n < 2_000; n++) {
      const from = ms('2024-01-01 00:00') + n * 37 * 61_000 * 13;
      for (const amount of [60_000, 8 * HOUR, 100 * HOUR]) {
        const to = time.after(from, amount);
        expect(time.between(from, to)).toBe(amount);
        expect(time.between(from, to - 1)).toBe(amount - 1);
      }
    }
  });

  test('that never comes is an error', () => {
    const never = createWorkingTime({ hours: [], everyYear: [], daysOff: [], workdays: [] });
    expect(() => never.after(0, 1)).toThrow(RangeError);
    expect(never.between(0, 1e12)).toBe(0);
  });
});

describe('a province', () => {
  test('has its own hours, also on Saturdays, and its own days off', () => {
    const own = createWorkingTime(
      workingCalendar({
        officeHours: [
          { from: '07:30', to: '11:30' },
          { from: '13:30', to: '17:00' },
          { from: '07:30', to: '11:30', days: ['saturday'] },
        ],
        daysOff: ['2025-08-13'],
        workdays: ['2025-05-02'],
      }),
    );
    expect(own.dayMs).toBe(7.5 * HOUR);
    expect(own.between(ms('2025-08-16 00:00'), ms('2025-08-17 00:00'))).toBe(4 * HOUR);
    expect(own.between(ms('2025-08-13 00:00'), ms('2025-08-14 00:00'))).toBe(0);
    expect(own.between(ms('2025-05-02 00:00'), ms('2025-05-03 00:00'))).toBe(7.5 * HOUR);
  });
});
