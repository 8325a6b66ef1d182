import { stringify } from 'csv-stringify/sync';
import { markFormula } from '#core/csv-cells';
import { headingsOver } from '#core/statistics/report-head';
import type { AddressOf } from './links.ts';
import type { Report } from './report.ts';

/**
 * The rows of a report as CSV for programs: commas and decimal points (RFC 4180), UTF-8 with a mark, texts that look like
 * formulas escaped. The addresses of the records follow in columns of their own.
 */
export function reportCsv({ head, rows }: Report, addressOf: AddressOf): Uint8Array {
  // A heading of several columns stands before each of them.
  const names = headingsOver(head).map((over) => over.map(({ text }) => text).join(': '));
  const linked = names.flatMap((_, column) =>
    rows.some((row) => addressOf(row, column) !== undefined) ? [column] : [],
  );
  const lines = rows.map((row) => [
    ...row.cells.map((cell) => cell ?? ''),
    ...linked.map((column) => addressOf(row, column) ?? ''),
  ]);
  const heads = [...names, ...linked.map((column) => `Địa chỉ: ${names[column]}`)];
  return Buffer.from(stringify([heads, ...lines], { bom: true, cast: { string: markFormula } }));
}
