import { describe, expect, it } from 'vitest';
import { say, type Words } from '#messages/message';
import { render } from '#messages/render';
import {
  formatLocal,
  instantToMs,
  isRealDate,
  type LocalFormat,
  msToInstant,
  parseInstant,
  parseLocal,
  readPeriod,
  writableInstant,
} from './dates.ts';

describe('an RFC 3339 time becomes the same moment in Vietnam time', () => {
  it.each([
    ['2025-08-12T08:15:00+07:00', '2025-08-12T08:15:00+07:00'],
    ['2025-08-12T01:15:00Z', '2025-08-12T08:15:00+07:00'],
    ['2025-08-12t01:15:00z', '2025-08-12T08:15:00+07:00'],
    ['2025-08-31T17:00:00.000+0000', '2025-09-01T00:00:00+07:00'],
    ['2024-02-28T17:00:00Z', '2024-02-29T00:00:00+07:00'],
    ['2023-12-31T17:00:00Z', '2024-01-01T00:00:00+07:00'],
    ['2025-01-01T00:30:00+14:00', '2024-12-31T17:30:00+07:00'],
    ['2025-03-01T06:00:00+23:59', '2025-02-28T13:01:00+07:00'],
    ['2025-08-12T23:59:59-23:59', '2025-08-14T06:58:59+07:00'],
    ['2025-08-12T08:15:00-00:00', '2025-08-12T15:15:00+07:00'],
    ['2025-08-12T08:15:00.5+07:00', '2025-08-12T08:15:00.500+07:00'],
    ['2025-08-12T08:15:00.0009+07:00', '2025-08-12T08:15:00+07:00'],
    ['2025-08-12T08:15:00.123999999Z', '2025-08-12T15:15:00.123+07:00'],
    ['1899-12-31T17:00:00Z', '1900-01-01T00:00:00+07:00'],
    ['2200-12-31T16:59:59.999Z', '2200-12-31T23:59:59.999+07:00'],
  ])('%s', (text, instant) => expect(parseInstant(text)).toBe(instant));
});

it.each([
  ['no zone', '2025-08-12T08:15:00'],
  ['no time', '2025-08-12'],
  ['no seconds', '2025-08-12T08:15Z'],
  ['a blank for T', '2025-08-12 08:15:00Z'],
  ['blanks around', ' 2025-08-12T08:15:00Z'],
  ['a line after', '2025-08-12T08:15:00Z\n'],
  ['30 February', '2024-02-30T08:15:00+07:00'],
  ['29 February of a common year', '2025-02-29T08:15:00+07:00'],
  ['29 February 2100', '2100-02-29T08:15:00+07:00'],
  ['31 April', '2025-04-31T08:15:00Z'],
  ['month 13', '2025-13-01T08:15:00Z'],
  ['month 0', '2025-00-10T08:15:00Z'],
  ['day 0', '2025-01-00T08:15:00Z'],
  ['hour 24', '2025-08-12T24:00:00Z'],
  ['minute 60', '2025-08-12T08:60:00Z'],
  ['a leap second', '2016-12-31T23:59:60Z'],
  ['a zone of 24 hours', '2025-08-12T08:15:00+24:00'],
  ['a zone of 60 minutes', '2025-08-12T08:15:00+07:60'],
  ['a zone of hours', '2025-08-12T08:15:00+07'],
  ['an empty fraction', '2025-08-12T08:15:00.Z'],
  ['a year too early', '1899-12-31T16:59:59Z'],
  ['a year too late', '2200-12-31T17:00:00Z'],
  ['the year 99, which Date.UTC takes for 1999', '0099-05-05T08:15:00Z'],
  ['a zero date', '0000-00-00T00:00:00.000+0700'],
  ['other digits', '２０２５-08-12T08:15:00Z'],
  ['nothing', ''],
])('a text with %s is no instant', (_, text) => expect(parseInstant(text)).toBeUndefined());

it('instants sort as text in the order of time', () => {
  const ms = [0, 1, 999, 1_000, 1_500, 59_999, 60_000, 86_400_000, 1_754_961_300_000, 1_754_961_300_250];
  const instants = ms.map(msToInstant);
  expect([...instants].sort()).toEqual(instants);
  expect(instants.map(instantToMs)).toEqual(ms);
});

it('an instant is read back unchanged, and a foreign zone as the engine reads it', () => {
  for (let ms = -2_000_000_000_000; ms < 7_000_000_000_000; ms += 86_399_123 * 37) {
    const instant = msToInstant(ms);
    expect(parseInstant(instant)).toBe(instant);
    expect(parseInstant(new Date(ms).toISOString())).toBe(instant);
  }
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, -1e15, 1e15])('%s ms is no moment', (ms) =>
  expect(() => msToInstant(ms)).toThrow(RangeError),
);

it('a moment that no instant can write becomes the last one, and no other changes', () => {
  const last = '2200-12-31T23:59:59.999+07:00';
  const noon = '2200-12-31T12:00:00+07:00';
  expect([1e15, instantToMs(last) + 1, instantToMs(last)].map(writableInstant)).toEqual([last, last, last]);
  expect(writableInstant(instantToMs(noon))).toBe(noon);
});

const FORMATS: readonly (readonly [LocalFormat, string, string])[] = [
  ['yyyyMMddHHmmss', '20250812081507', '2025-08-12T08:15:07+07:00'],
  ['yyyyMMdd', '20250812', '2025-08-12T00:00:00+07:00'],
  ['dd/MM/yyyy HH:mm:ss', '12/08/2025 17:15:07', '2025-08-12T17:15:07+07:00'],
  ['dd/MM/yyyy HH:mm', '12/08/2025 17:15', '2025-08-12T17:15:00+07:00'],
  ['dd/MM/yyyy', '12/08/2025', '2025-08-12T00:00:00+07:00'],
  ['d/M/yyyy H:mm:ss', '1/8/2025 8:05:07', '2025-08-01T08:05:07+07:00'],
  ['d/M/yyyy H:mm', '1/12/2025 17:15', '2025-12-01T17:15:00+07:00'],
  ['d/M/yyyy', '12/8/2025', '2025-08-12T00:00:00+07:00'],
  ['dd-MM-yyyy HH:mm:ss', '12-08-2025 17:15:07', '2025-08-12T17:15:07+07:00'],
  ['dd-MM-yyyy', '12-08-2025', '2025-08-12T00:00:00+07:00'],
  ['MM/dd/yyyy HH:mm:ss', '08/12/2025 17:15:07', '2025-08-12T17:15:07+07:00'],
  ['MM/dd/yyyy', '08/12/2025', '2025-08-12T00:00:00+07:00'],
  ['yyyy-MM-dd HH:mm:ss', '2025-08-12 08:15:07', '2025-08-12T08:15:07+07:00'],
  ['yyyy-MM-dd', '2024-02-29', '2024-02-29T00:00:00+07:00'],
  ['iso-local-z', '2025-08-12T08:15:07.250Z', '2025-08-12T08:15:07.250+07:00'],
];

describe('a local format is read as Vietnam time and written back the same', () => {
  it.each(FORMATS)('%s', (format, text, instant) => {
    expect(parseLocal(format, text)).toEqual({ instant });
    expect(parseLocal(format, ` ${text}\t`)).toEqual({ instant });
    expect(formatLocal(format, instant)).toBe(text);
  });

  it('iso-local-z is read without a fraction and written with one', () => {
    expect(parseLocal('iso-local-z', '2025-08-12T08:15:07Z')).toEqual({ instant: '2025-08-12T08:15:07+07:00' });
    expect(formatLocal('iso-local-z', '2025-08-12T08:15:07+07:00')).toBe('2025-08-12T08:15:07.000Z');
  });

  it('parts without a place in the format are left out', () => {
    expect(formatLocal('dd/MM/yyyy HH:mm', '2025-08-12T08:15:59.999+07:00')).toBe('12/08/2025 08:15');
    expect(formatLocal('yyyyMMddHHmmss', '2025-08-12T08:15:59.999+07:00')).toBe('20250812081559');
  });
});

describe('a missing date is absent, never a date', () => {
  it.each<[LocalFormat, string]>([
    ...FORMATS.flatMap(([format]) => ['', ' \u00a0'].map((text): [LocalFormat, string] => [format, text])),
    ['yyyyMMddHHmmss', '00000000000000'],
    ['yyyyMMddHHmmss', '00010101000000'],
    ['yyyyMMdd', '00000000'],
    ['dd/MM/yyyy', '00/00/0000'],
    ['dd-MM-yyyy', '00-00-0000'],
    ['d/M/yyyy H:mm:ss', '1/1/0001 0:00:00'],
    ['dd/MM/yyyy', '01/01/0001'],
    ['dd/MM/yyyy HH:mm:ss', '01/01/0001 00:00:00'],
    ['yyyy-MM-dd HH:mm:ss', '0000-00-00 00:00:00'],
    ['yyyy-MM-dd HH:mm:ss', '0001-01-01 00:00:00'],
    ['iso-local-z', '0000-00-00T00:00:00.000+0700'],
    ['iso-local-z', '0001-01-01T00:00:00'],
  ])('%s %j', (format, text) => expect(parseLocal(format, text)).toEqual({ absent: true }));
});

describe('anything but a real date is an error that names both', () => {
  it.each<[LocalFormat, string]>([
    ['yyyyMMddHHmmss', '20250230081500'],
    ['yyyyMMddHHmmss', '20250812240000'],
    ['yyyyMMddHHmmss', '20250812086000'],
    ['yyyyMMddHHmmss', '20250812081560'],
    ['yyyyMMddHHmmss', '20250812'],
    ['yyyyMMddHHmmss', '202508120815001'],
    ['yyyyMMddHHmmss', '00000000000012'],
    ['yyyyMMdd', '20251301'],
    ['yyyyMMdd', '18991231'],
    ['yyyyMMdd', '22010101'],
    ['dd/MM/yyyy', '08/13/2025'],
    ['dd/MM/yyyy', '1/8/2025'],
    ['d/M/yyyy', '31/4/2025'],
    ['d/M/yyyy H:mm', '1/8/2025 24:00'],
    ['MM/dd/yyyy', '13/08/2025'],
    ['dd/MM/yyyy', '2025-08-12'],
    ['dd/MM/yyyy HH:mm', '12/08/2025 05:15 PM'],
    ['dd/MM/yyyy HH:mm:ss', '12/08/2025 17:15'],
    ['yyyy-MM-dd', '2025-08-12T00:00:00'],
    ['yyyy-MM-dd HH:mm:ss', '2025-08-12T08:15:00'],
    ['iso-local-z', '2025-08-12T08:15:00+07:00'],
    ['iso-local-z', '2025-08-12T08:15:00'],
  ])('%s %j', (format, text) => {
    const error = render((parseLocal(format, text) as { error: Words }).error, 'en');
    expect(error).toContain(JSON.stringify(text));
    expect(error).toContain(format === 'iso-local-z' ? 'yyyy-MM-ddTHH:mm:ss.SSSZ' : format);
    expect(error.endsWith(', in the years 1900 to 2200')).toBe(/^(?:18991231|22010101)$/.test(text));
  });
});

it('a real date exists in the calendar and has ten characters', () => {
  for (const text of ['2024-02-29', '2000-02-29', '1900-01-01', '2200-12-31'])
    expect(isRealDate(text), text).toBe(true);
  for (const text of [
    '1900-02-29',
    '2025-06-31',
    '1899-12-31',
    '2201-01-01',
    '2025-01-011',
    '2025-1-01',
    'yyyy-MM-dd',
    '',
  ])
    expect(isRealDate(text), text).toBe(false);
});

describe('a period in a request', () => {
  it.each([
    [{}, {}],
    [
      { from: '2025-08-12', to: '2025-08-12' },
      { from: '2025-08-12T00:00:00+07:00', to: '2025-08-12T23:59:59.999+07:00' },
    ],
    [{ to: '2025-08-12T01:15:00 00:00' }, { to: '2025-08-12T08:15:00+07:00' }],
    [
      { from: 'yesterday' },
      { wrong: 'from', error: say('unexpected', { got: 'yesterday', expected: say('date-or-instant') }) },
    ],
    [
      { from: '2025-08-13', to: '2025-08-12' },
      {
        wrong: 'to',
        error: say('unexpected', { got: '2025-08-12', expected: say('not-before', { near: '2025-08-13' }) }),
      },
    ],
  ])('%j', (given, period) => expect(readPeriod(given)).toEqual(period));
});
