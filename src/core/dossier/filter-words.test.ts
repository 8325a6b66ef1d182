import { expect, test } from 'vitest';
import { filterQueries, filterWords } from './filter-words.ts';

const period = (from: string, to: string) => ({
  receivedFrom: `${from}T00:00:00+07:00`,
  receivedTo: `${to}T23:59:59.999+07:00`,
});
/** The number that the index has for ten days of reception. */
const tenDays = (day: string): number => Math.trunc(Date.parse(day) / 86_400_000 / 10);

test('a period of reception is whole months, and ten days each of the others', () => {
  const [first, last] = [tenDays('2025-08-28'), tenDays('2025-08-31')];
  const days = Array.from({ length: last - first + 1 }, (_, at) => `'=E${first + at}'`);
  const asked = period('2025-08-28', '2025-10-31');
  expect(filterQueries(asked, 'days').common).toEqual([`(${[...days, "'=R2509'", "'=R2510'"].join(' | ')})`]);
  expect(filterQueries(asked, 'months').common).toEqual(["('=R2508' | '=R2509' | '=R2510')"]);
});

test('the words of ten days are those of the century', () => {
  const [asked] = filterQueries(period('1999-12-31', '1999-12-31'), 'days').common;
  expect(asked).toBe(`('=E${tenDays('1999-12-31')}')`);
});

test('a day in Vietnam begins seven hours before that of UTC', () => {
  // 6 June 2024 is the first of ten days.
  const first = tenDays('2024-06-06');
  expect(tenDays('2024-06-05')).toBe(first - 1);
  const asked = { receivedFrom: '2024-06-06T00:30:00+07:00', receivedTo: '2024-06-06T06:00:00+07:00' };
  expect(filterQueries(asked, 'days').common).toEqual([`('=E${first}')`]);
});

test('words of open statuses are rare, and those of ended ones are not', () => {
  expect(filterQueries({ status: ['processing', 'received'], agency: 'H60.01' }, 'days')).toEqual({
    rare: ["'=AH60.01'", "('=T3' | '=T1')"],
    common: [],
  });
  expect(filterQueries({ status: ['processing', 'resolved'] }, 'days').rare).toEqual([]);
});

test('the row has no word of the time of its status', () => {
  const words = filterWords({ owner: 'a', status: 'received', agencyCode: 'H60.01', serviceKey: '1.000001' });
  expect(words).toBe('=AH60.01 =AH60 =S1.000001 =T1 =Oa');
});
