import { writeXlsx } from 'hucre/xlsx';
import { type HeadCell, placeHeadings } from '#core/statistics/report-head';
import type { AddressOf } from './links.ts';
import { openingLines, widthsOf } from './opening.ts';
import type { Cell, Report } from './report.ts';

type Border = { readonly style: 'thin' };
const LINE: Border = { style: 'thin' };
const BORDER = { top: LINE, bottom: LINE, left: LINE, right: LINE };
/** One word: hucre does not quote the name where it names the rows that repeat. */
const SHEET = 'Biểu';
const FONT = { name: 'Times New Roman', size: 11 };
const CENTRED = { horizontal: 'center', vertical: 'center', wrapText: true } as const;

/** Excel repairs a sheet with more than 65,530 links. */
const MOST_LINKS = 65_000;

type Style = { font: object; alignment?: object; border?: object; numFmt?: string };
interface Placed {
  readonly value: string | number;
  readonly style: Style;
  readonly hyperlink?: { readonly target: string } | undefined;
}
interface Merge {
  readonly startRow: number;
  readonly startCol: number;
  readonly endRow: number;
  readonly endCol: number;
}

/** A report as an XLSX workbook. The head rows repeat on each printed page, and numbers are numbers. */
export async function reportXlsx(report: Report, addressOf: AddressOf): Promise<Uint8Array> {
  const widths = widthsOf(report);
  const width = widths.length;
  const cells = new Map<string, Placed>();
  const merges: Merge[] = [];
  const put = (row: number, column: number, value: string | number, style: Style): void => {
    cells.set(`${row},${column}`, { value, style });
  };
  const across = (row: number, text: string, style: Style): void => {
    put(row, 0, text, style);
    merges.push({ startRow: row, startCol: 0, endRow: row, endCol: width - 1 });
  };
  const opening = openingLines(report);
  for (const [row, { text, style }] of opening.entries()) across(row, text, plain(FONTS[style]));
  const headAt = opening.length;
  merges.push(...putHead(report.head, headAt, put));
  const bodyAt = headAt + report.head.length;
  const isLinked = report.rows.reduce((sum, { links = {} }) => sum + Object.keys(links).length, 0) <= MOST_LINKS;
  for (const [at, row] of report.rows.entries())
    for (const [column, value] of row.cells.entries()) {
      const target = isLinked && value !== null ? addressOf(row, column) : undefined;
      const placed: Placed = { value: value ?? '', style: styleOf(value, row.isTotal ?? false) };
      cells.set(`${bodyAt + at},${column}`, target === undefined ? placed : { ...placed, hyperlink: { target } });
    }
  const endAt = bodyAt + report.rows.length + 1;
  for (const [at, note] of report.notes.entries()) across(endAt + at, note, plain({ italic: true }));
  const signedAt = endAt + report.notes.length + 1;
  for (const [at, title] of report.signatures.entries()) {
    const column = Math.floor((width / report.signatures.length) * at);
    const last = Math.floor((width / report.signatures.length) * (at + 1)) - 1;
    put(signedAt, column, title.toUpperCase(), plain({ bold: true }));
    put(signedAt + 1, column, '(Ký, ghi rõ họ tên)', plain({ italic: true }));
    for (const row of [signedAt, signedAt + 1])
      merges.push({ startRow: row, startCol: column, endRow: row, endCol: last });
  }
  return writeXlsx({
    sheets: [
      {
        name: SHEET,
        rows: rowsOf(cells, signedAt + 2, width),
        cells: cells as never,
        merges,
        columns: widths.map((one) => ({ width: one })),
        pageSetup: {
          paperSize: 'a4',
          orientation: 'landscape',
          fitToPage: true,
          fitToWidth: 1,
          fitToHeight: 0,
          printTitlesRow: `$${headAt + 1}:$${bodyAt}`,
        },
        headerFooter: { oddFooter: '&CTrang &P/&N' },
      },
    ],
  });
}

function rowsOf(cells: ReadonlyMap<string, Placed>, height: number, width: number): (string | number | null)[][] {
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => cells.get(`${row},${column}`)?.value ?? null),
  );
}

function plain(font: object): Style {
  return { font: { ...FONT, ...font }, alignment: CENTRED };
}

const FONTS = { bold: { bold: true }, italic: { italic: true }, title: { bold: true, size: 14 }, plain: {} } as const;

/** Writes the headings. @returns the merged cells */
function putHead(
  head: readonly (readonly HeadCell[])[],
  top: number,
  put: (row: number, column: number, value: string, style: Style) => void,
): readonly Merge[] {
  const style: Style = { font: { ...FONT, bold: true }, alignment: CENTRED, border: BORDER };
  return placeHeadings(head).flatMap(({ text, row, column, columns, rows }) => {
    for (let down = 0; down < rows; down++)
      for (let right = 0; right < columns; right++)
        put(top + row + down, column + right, down + right === 0 ? text : '', style);
    const [startRow, startCol] = [top + row, column];
    return columns * rows > 1
      ? [{ startRow, startCol, endRow: startRow + rows - 1, endCol: startCol + columns - 1 }]
      : [];
  });
}

function styleOf(value: Cell, isTotal: boolean): Style {
  const font = { ...FONT, bold: isTotal };
  if (typeof value !== 'number') return { font, border: BORDER, alignment: { wrapText: true, vertical: 'top' } };
  return { font, border: BORDER, numFmt: Number.isInteger(value) ? '#,##0' : '#,##0.00' };
}
