/**
 * A date whose day, or day and month, may be unknown: `1960`, `1960-05` or `1960-05-12`. Births of older people are registered
 * so, and the national population database takes a year alone.
 */

import { isRealDate } from './dates.ts';

/** How systems write such dates. Unknown parts are left out: `dd/MM/yyyy` of May 1960 is `05/1960`. */
export const PARTIAL_FORMATS = ['yyyy-MM-dd', 'yyyyMMdd', 'dd/MM/yyyy'] as const;
export type PartialFormat = (typeof PARTIAL_FORMATS)[number];

/** The shape of a partial date. It also matches impossible days. */
export const PARTIAL_DATE = '^(?:19|20)[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?$';
const SHAPE = new RegExp(PARTIAL_DATE);

const READ: Readonly<Record<PartialFormat, RegExp>> = {
  'yyyy-MM-dd': /^(?<year>\d{4})(?:-(?<month>\d\d)(?:-(?<day>\d\d))?)?$/,
  yyyyMMdd: /^(?<year>\d{4})(?:(?<month>\d\d)(?<day>\d\d)?)?$/,
  'dd/MM/yyyy': /^(?:(?:(?<day>\d{1,2})\/)?(?<month>\d{1,2})\/)?(?<year>\d{4})$/,
};

export function isPartialDate(text: string): boolean {
  return SHAPE.test(text) && (text.length < 10 || isRealDate(text));
}

/** Reads a text in one notation. A day or month of 00 is unknown. Undefined if it is no possible date. */
export function parsePartialDate(format: PartialFormat, text: string): string | undefined {
  const { year, month, day } = READ[format].exec(text)?.groups ?? {};
  if (year === undefined) return undefined;
  const known = (part: string | undefined): string[] =>
    part === undefined || Number(part) === 0 ? [] : [part.padStart(2, '0')];
  const date = [year, ...known(month), ...known(day)].join('-');
  // A day without its month says nothing.
  return known(month).length < known(day).length || !isPartialDate(date) ? undefined : date;
}

export function formatPartialDate(format: PartialFormat, date: string): string {
  const parts = date.split('-');
  if (format === 'dd/MM/yyyy') return parts.toReversed().join('/');
  return format === 'yyyyMMdd' ? parts.join('') : date;
}
