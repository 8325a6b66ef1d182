import { CsvError, parse } from 'csv-parse/sync';
import { nodesAt, readXml } from '../xml/read-xml.ts';
import { XmlProblem } from '../xml/text.ts';

/** A text with rows: cells between delimiters, or the elements at a path. */
export type RowsAsked = { readonly text: string; readonly rows: number } & (
  | { readonly delimiter: string; readonly columns: number }
  | { readonly path: string }
);

/** `damaged`: not of this form, with the line if it is known. `too-large`: more rows. `costly`: more columns, time or memory. */
export interface RowsRefused {
  readonly refused: 'damaged' | 'too-large' | 'costly';
  readonly line?: number;
}

/** The rows: texts by column, or elements. */
export type TextRows<Row> = { readonly rows: readonly Row[] } | RowsRefused;

export function rowsIn(asked: RowsAsked): TextRows<unknown> {
  return 'path' in asked ? elementsIn(asked.text, asked.path, asked.rows) : cellsIn(asked);
}

function elementsIn(text: string, path: string, most: number): TextRows<unknown> {
  try {
    const rows = nodesAt(readXml(text), path);
    return rows.length > most ? { refused: 'too-large' } : { rows };
  } catch (error) {
    if (!(error instanceof XmlProblem)) throw error;
    return { refused: 'damaged' };
  }
}

function cellsIn(asked: RowsAsked & { readonly delimiter: string; readonly columns: number }): TextRows<string[]> {
  const { text, delimiter, columns, rows: most } = asked;
  try {
    const all = parse(text, { delimiter, relax_column_count: true, bom: true }) as string[][];
    // Spreadsheets write empty cells and rows too, where they have a format.
    const rows = upToLast(all, (row) => row.some(isFilled)).map((row) => upToLast(row, isFilled));
    if (rows.length > most) return { refused: 'too-large' };
    return rows.some((row) => row.length > columns) ? { refused: 'costly' } : { rows };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The library's message may quote the row.
    return { refused: 'damaged', line: Number(error.lines ?? 0) };
  }
}

const isFilled = (cell: string): boolean => cell !== '';

function upToLast<T>(all: readonly T[], isWanted: (one: T) => boolean): T[] {
  return all.slice(0, all.findLastIndex(isWanted) + 1);
}
