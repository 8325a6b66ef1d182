import { stringify } from 'csv-stringify/sync';
import type { AddressOf } from './links.ts';
import type { HeadCell, Report } from './report.ts';

/**
 * The rows of a report as CSV for spreadsheets: UTF-8 with a mark, texts that look like formulas escaped. The addresses of the
 * records follow in columns of their own.
 */
export function reportCsv({ head, rows }: Report, addressOf: AddressOf): Uint8Array {
  const leaves = leavesOf(head);
  const linked = leaves.flatMap((_, column) =>
    rows.some((row) => addressOf(row, column) !== undefined) ? [column] : [],
  );
  const lines = rows.map((row) => [
    ...row.cells.map((cell) => cell ?? ''),
    ...linked.map((column) => addressOf(row, column) ?? ''),
  ]);
  const heads = [...leaves, ...linked.map((column) => `Địa chỉ: ${leaves[column]}`)];
  return Buffer.from(stringify([heads, ...lines], { bom: true, escape_formulas: true }));
}

/** The heading of each column. One that spans several columns stands before each of them. */
function leavesOf(head: readonly (readonly HeadCell[])[]): readonly string[] {
  // The last row only numbers the columns.
  const [first = [], second] = head.slice(0, -1);
  const below = [...(second ?? [])];
  return first.flatMap(({ text, columns = 1, rows = 1 }) =>
    rows > 1 || second === undefined
      ? [text]
      : Array.from({ length: columns }, () => `${text}: ${below.shift()?.text ?? ''}`),
  );
}
