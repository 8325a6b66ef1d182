import { expect, it } from 'vitest';
import {
  formatPartialDate,
  isPartialDate,
  PARTIAL_FORMATS,
  type PartialFormat,
  parsePartialDate,
} from './partial-date.ts';

it.each<[PartialFormat, string, string | undefined]>([
  ['yyyy-MM-dd', '1960', '1960'],
  ['yyyy-MM-dd', '1960-05', '1960-05'],
  ['yyyy-MM-dd', '1960-05-12', '1960-05-12'],
  ['yyyy-MM-dd', '1960-00-00', '1960'],
  ['yyyyMMdd', '1960', '1960'],
  ['yyyyMMdd', '196005', '1960-05'],
  ['yyyyMMdd', '19600512', '1960-05-12'],
  ['dd/MM/yyyy', '1960', '1960'],
  ['dd/MM/yyyy', '5/1960', '1960-05'],
  ['dd/MM/yyyy', '12/05/1960', '1960-05-12'],
  ['yyyy-MM-dd', '1961-02-29', undefined],
  ['yyyy-MM-dd', '1960-00-12', undefined],
  ['yyyyMMdd', '196013', undefined],
  ['dd/MM/yyyy', '12-05-1960', undefined],
  ['dd/MM/yyyy', '', undefined],
])('%s: "%s" is the date %s', (format, text, date) => {
  expect(parsePartialDate(format, text)).toBe(date);
});

it('a date keeps what is known in every notation', () => {
  for (const date of ['1960', '1960-05', '1960-05-12'])
    for (const format of PARTIAL_FORMATS) expect(parsePartialDate(format, formatPartialDate(format, date))).toBe(date);
});

it('an impossible date is left out', () => {
  expect(['1960-13', '1961-02-29', '60', '1960-5', '1960-05-32'].filter(isPartialDate)).toEqual([]);
});
