import { describe, expect, test } from 'vitest';
import { instantToMs, msToInstant } from './dates.ts';
import { type MaintenanceWindow, windowEndMs } from './windows.ts';

const NIGHT: MaintenanceWindow = { from: '22:00', to: '05:00' };
const SUNDAY: MaintenanceWindow = { from: '08:00', to: '12:00', days: ['sunday'] };

describe('maintenance windows', () => {
  test.each<[string, MaintenanceWindow[], string, string | undefined]>([
    ['before it begins nothing holds', [NIGHT], '2025-08-12T21:59:59+07:00', undefined],
    ['it begins at its minute', [NIGHT], '2025-08-12T22:00:00+07:00', '2025-08-13T05:00:00+07:00'],
    ['it lasts over midnight', [NIGHT], '2025-08-13T04:59:00+07:00', '2025-08-13T05:00:00+07:00'],
    ['at its end it is over', [NIGHT], '2025-08-13T05:00:00+07:00', undefined],
    ['its days are those on which it begins', [SUNDAY], '2025-08-17T09:00:00+07:00', '2025-08-17T12:00:00+07:00'],
    ['no window on other days', [SUNDAY], '2025-08-18T09:00:00+07:00', undefined],
    [
      'a night that begins on Sunday ends on Monday',
      [{ ...NIGHT, days: ['sunday'] }],
      '2025-08-18T03:00:00+07:00',
      '2025-08-18T05:00:00+07:00',
    ],
    [
      'windows that touch are one',
      [NIGHT, { from: '05:00', to: '06:00' }],
      '2025-08-13T04:00:00+07:00',
      '2025-08-13T06:00:00+07:00',
    ],
  ])('%s', (_, windows, now, end) => {
    const ms = windowEndMs(windows, instantToMs(now));
    expect(ms === undefined ? undefined : msToInstant(ms)).toBe(end);
  });

  test('windows without a gap do not hang', () => {
    expect(
      windowEndMs(
        [
          { from: '00:00', to: '12:00' },
          { from: '12:00', to: '00:00' },
        ],
        instantToMs('2025-08-12T08:00:00+07:00'),
      ),
    ).toBeGreaterThan(0);
  });
});
