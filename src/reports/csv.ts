import { stringify } from 'csv-stringify/sync';
import type { AddressOf } from './links.ts';
import type { HeadCell, Report } from './report.ts';

/**
 * The rows of a report as CSV for programs: commas and decimal points (RFC 4180), UTF-8 with a mark, texts that look like
 * formulas escaped. The addresses of the records follow in columns of their own.
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
  const above: string[][] = [];
  const freeFrom: number[] = [];
  // The last row only numbers the columns.
  for (const [row, cells] of head.slice(0, -1).entries()) {
    let at = 0;
    for (const { text, columns = 1, rows = 1 } of cells) {
      while ((freeFrom[at] ?? 0) > row) at++;
      for (const end = at + columns; at < end; at++) {
        above[at] = [...(above[at] ?? []), text];
        freeFrom[at] = row + rows;
      }
    }
  }
  return above.map((texts) => texts.join(': '));
}
