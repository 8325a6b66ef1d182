import { stringify } from 'csv-stringify/sync';
import type { HeadCell, Report } from './report.ts';

/** The rows of a report as CSV for spreadsheets: UTF-8 with a mark, texts that look like formulas escaped. */
export function reportCsv(report: Report): Uint8Array {
  const rows = report.rows.map(({ cells }) => cells.map((cell) => cell ?? ''));
  return Buffer.from(stringify([leavesOf(report.head), ...rows], { bom: true, escape_formulas: true }));
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
