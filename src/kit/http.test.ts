import { describe, expect, test } from 'vitest';
import { retryAfterMs } from './http.ts';

const NOW = Date.parse('2025-08-12T08:30:00+07:00');

describe('Retry-After', () => {
  test.each([
    ['120', 120_000],
    [' 7 ', 7_000],
    // An HTTP date: 01:32:00 GMT is 08:32:00 in Vietnam.
    ['Tue, 12 Aug 2025 01:32:00 GMT', 120_000],
    ['Tuesday, 12-Aug-25 01:32:00 GMT', 120_000],
  ])('%j is %i ms', (header, ms) => {
    expect(retryAfterMs({ 'retry-after': header }, NOW)).toBe(ms);
  });

  test.each([['0'], ['-5'], ['soon'], [''], ['Tue, 12 Aug 2025 01:00:00 GMT'], ['9'.repeat(400)]])(
    '%j is no time to wait',
    (header) => {
      expect(retryAfterMs({ 'retry-after': header }, NOW)).toBeUndefined();
    },
  );

  test('that is absent is no time to wait', () => {
    expect(retryAfterMs({}, NOW)).toBeUndefined();
  });
});
