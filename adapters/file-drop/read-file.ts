import { type Connection, type DroppedFile, type Problem, problem, received } from '#kit';
import { findHeading } from './columns.ts';
import { decodeText } from './decode-text.ts';
import type { List, Settings } from './settings.ts';
import { type FileRow, type Grid, readTable, type Table } from './table.ts';
import { createTurns } from './turns.ts';

export interface RefusedFile {
  readonly refused: readonly Problem[];
}

/** All rows of a file, or why none of it is taken. */
export type ReadFile =
  | RefusedFile
  | {
      readonly rows: readonly FileRow[];
      /** The sheets, in order; a sheet without the headings has no columns. */
      readonly sheets: readonly { readonly name: string; readonly columns: Table['columns'] }[];
      /** Rows that are no records, such as totals. */
      readonly skipped: readonly { readonly sheet: number; readonly row: number }[];
      /** Sheets that were not read: hidden, not in the settings, or without the headings. */
      readonly unread: readonly string[];
    };

const MIB = 1024 * 1024;
const [MAX_MIB, MAX_ROWS, MOST_COLUMNS] = [10, 20_000, 500];
/** Titles, totals and signatures. */
const ROWS_BESIDE = 100;
/** Of a line, to find its delimiter. */
const MOST_OF_A_LINE = 10_000;
const WORKBOOK = /\.(?:xlsx|xlsm|xlsb|xls|ods)$/i;
const DELIMITED = /\.(?:csv|tsv|txt)$/i;
export const TAKEN = '.xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv, .txt, .xml';

/** Whether a file has an ending that the adapter reads. */
export function isTaken(name: string): boolean {
  return WORKBOOK.test(name) || DELIMITED.test(name) || /\.xml$/i.test(name);
}

/** Reads a file whole. It is refused whole if a part of it cannot be read. */
export async function readFile(
  { places, settings }: Pick<Connection<Settings>, 'places' | 'settings'>,
  { name, bytes }: DroppedFile,
  list: List,
): Promise<ReadFile> {
  const { maxRows = MAX_ROWS } = settings;
  if (bytes.length === 0) return refused(problem('', 'drop-empty'));
  if (bytes.length > mostBytesOf(settings)) return tooLarge(settings);
  if (!isTaken(name)) return refused(problem('', 'file-kind', { got: received(name), expected: TAKEN }));
  if (/\.xml$/i.test(name)) return readElements(places, bytes, list, maxRows);
  if (DELIMITED.test(name)) return readDelimited(places, bytes, list, maxRows);
  const rows = maxRows + ROWS_BESIDE;
  const book = await places.workbook(bytes, { rows, cells: rows * MOST_COLUMNS });
  if ('refused' in book)
    return book.refused === 'damaged' ? refused(problem('', 'file-damaged')) : refusedFor(book.refused, maxRows);
  return tablesOf(book.sheets, book.hidden, book.is1904, list, maxRows);
}

/** The most bytes that a file may have. */
export function mostBytesOf({ maxMiB = MAX_MIB }: Settings): number {
  return maxMiB * MIB;
}

/** Refuses a file for its size, read or not. */
export function tooLarge({ maxMiB = MAX_MIB }: Settings): RefusedFile {
  return refused(problem('', 'drop-too-large', { count: maxMiB }));
}

const refused = (...problems: readonly Problem[]): RefusedFile => ({ refused: problems });

async function tablesOf(
  grids: readonly Grid[],
  hidden: readonly string[],
  is1904: boolean,
  list: List,
  maxRows: number,
): Promise<ReadFile> {
  if (list.columns === undefined) return refused(problem('', 'file-without-columns'));
  const names = list.sheets && new Set(list.sheets);
  const turn = createTurns();
  const read: (Table | Problem | undefined)[] = [];
  for (const [at, grid] of grids.entries())
    read.push(names && !names.has(grid.name) ? undefined : await readTable(grid, at + 1, list, is1904, turn));
  const tables = read.map((one) => (one !== undefined && 'rows' in one ? one : undefined));
  const problems = read.flatMap((one) => (one !== undefined && 'code' in one ? [one] : []));
  // Beside the table there are often sheets with notes. A sheet that the settings name must have the table.
  if (names && problems.length > 0) return refused(...problems);
  if (!tables.some(Boolean))
    return refused(
      ...(problems.length > 0 ? problems : [problem('', 'file-without-sheets', { list: list.sheets ?? [] })]),
    );
  const rows = tables.flatMap((table) => table?.rows ?? []);
  if (rows.length === 0) return refused(problem('', 'drop-empty'));
  if (rows.length > maxRows) return refused(problem('', 'file-rows', { count: maxRows }));
  return {
    rows,
    sheets: grids.map(({ name }, at) => ({ name, columns: tables[at]?.columns ?? {} })),
    skipped: tables.flatMap((table, at) => (table?.skipped ?? []).map((row) => ({ sheet: at + 1, row }))),
    unread: [...hidden, ...grids.flatMap(({ name }, at) => (tables[at] ? [] : [name]))],
  };
}

type Places = Connection<Settings>['places'];

type TextRows = Awaited<ReturnType<Places['delimited']>>;

async function readDelimited(places: Places, bytes: Uint8Array, list: List, maxRows: number): Promise<ReadFile> {
  const text = decodeText(bytes, list.encoding);
  if (text === undefined) return refused(problem('', 'file-encoding'));
  const most = { rows: maxRows + ROWS_BESIDE, columns: MOST_COLUMNS };
  const [likeliest = ';', ...others] = delimitersOf(text);
  let read = await places.delimited(text, likeliest, most);
  for (const mark of others) {
    if (hasHeadings(read, list)) break;
    const other = await places.delimited(text, mark, most);
    if (hasHeadings(other, list)) read = other;
  }
  if ('rows' in read)
    return tablesOf([{ name: '', rows: read.rows.map((row) => row.map(unmarked)) }], [], false, list, maxRows);
  if (read.refused === 'damaged') return refused(problem('', 'file-quotes', { line: read.line ?? 0 }));
  return refusedFor(read.refused, maxRows);
}

function refusedFor(why: 'too-large' | 'costly', maxRows: number): ReadFile {
  return refused(why === 'costly' ? problem('', 'file-costly') : problem('', 'file-rows', { count: maxRows }));
}

/** The possible delimiters, that of the line with most of them first. A note may hold more commas than a row has cells. */
function delimitersOf(text: string): readonly string[] {
  const lines = text.split('\n', 100).map((line) => line.slice(0, MOST_OF_A_LINE));
  const most = (mark: string): number => Math.max(...lines.map((line) => line.split(mark).length));
  return [';', '\t', ','].sort((a, b) => most(b) - most(a));
}

function hasHeadings(read: TextRows, { columns = {} }: List): boolean {
  return 'rows' in read && !('missing' in findHeading(read.rows, columns));
}

/** A cell that a program marked so that no spreadsheet takes it for a formula, or for a number: `'0012`, `="0012"`. */
function unmarked(cell: string): string {
  return /^="([^"]*)"$/.exec(cell)?.[1] ?? cell.replace(/^'(?=[=+\-@\t\r\d])/, '');
}

async function readElements(places: Places, bytes: Uint8Array, list: List, maxRows: number): Promise<ReadFile> {
  if (list.records === undefined) return refused(problem('', 'file-without-records'));
  // A declaration may name another encoding than UTF-8. Only what decodes exactly is read.
  const text = decodeText(bytes, list.encoding);
  if (text === undefined) return refused(problem('', 'file-encoding'));
  const read = await places.elements(text.trim(), list.records, { rows: maxRows });
  if ('refused' in read)
    return read.refused === 'damaged' ? refused(problem('', 'file-damaged')) : refusedFor(read.refused, maxRows);
  if (read.rows.length === 0) return refused(problem('', 'file-no-records', { path: list.records }));
  return {
    rows: read.rows.map((values, at) => ({ sheet: 1, row: at + 1, values })),
    sheets: [{ name: '', columns: {} }],
    skipped: [],
    unread: [],
  };
}
