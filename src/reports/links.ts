import { KEYLESS } from '#core/statistics/columns';
import { consolePath } from '#core/statistics/report-paths';
import type { ReportWithRecords } from '../statistics/report-records.ts';
import type { ReportRow } from './report.ts';

/** Addresses by column, counted from 0. A column without one is undefined. */
type Links = Readonly<Record<number, string>>;

/** The columns before the numbers: the number of the line, and its name. */
const BEFORE = 2;

/**
 * The addresses of the records behind the numbers of a line.
 *
 * @param columns of the numbers, in their order. A share leads to the records of its whole.
 * @param key of the line, empty for the line without an agency; undefined for the total
 */
export function recordLinks(
  { report, period }: { readonly report: ReportWithRecords; readonly period: string },
  columns: readonly (string | undefined)[],
  key: string | undefined,
): Links {
  return Object.fromEntries(
    columns.flatMap((column, at) => {
      if (column === undefined) return [];
      const query = new URLSearchParams({ period, column });
      if (key !== undefined) query.set('key', key === '' ? KEYLESS : key);
      return [[at + BEFORE, `/api/v1/reports/${report}/records?${query.toString()}`]];
    }),
  );
}

/** The address of the records behind a cell, if it has one. */
export type AddressOf = (row: Pick<ReportRow, 'links'>, column: number) => string | undefined;

/** @param origin of the hub, such as `https://hub.example` */
export function addressesAt(origin: string): AddressOf {
  return ({ links = {} }, column) => {
    const path = links[column];
    return path === undefined ? undefined : `${origin}${consolePath(path)}`;
  };
}
