import { type CellValue, cleanCode, fold, inspectText, isDossierCode, type Problem, problem } from '#kit';
import { textOfCell, type Use, usesOf } from './cells.ts';
import { findHeading, lettersOf } from './columns.ts';
import { repairColumn } from './repair-column.ts';
import type { Column, List } from './settings.ts';
import type { Turn } from './turns.ts';

/** One sheet, or the table of a text file. */
export interface Grid {
  readonly name: string;
  readonly rows: readonly (readonly CellValue[])[];
  /** Cells with an error or a formula without a value, by `row,column` from 0. */
  readonly faults?: ReadonlyMap<string, 'error' | 'formula'>;
}

/** One row as the file has it, in Unicode. */
export interface FileRow {
  /** The position of its sheet, from 1, and its number in the sheet, from 1. */
  readonly sheet: number;
  readonly row: number;
  /** The texts by column, or an element of an XML file. */
  readonly values: unknown;
  /** Cells that cannot be read. */
  readonly wrong?: readonly Problem[];
  /** Columns whose text seems to have an old encoding. */
  readonly doubtful?: Readonly<Record<string, string>>;
  /** Columns whose text had an old encoding. */
  readonly repaired?: Readonly<Record<string, string>>;
}

export interface Table {
  readonly rows: readonly FileRow[];
  /** The letters of each column. */
  readonly columns: Readonly<Record<string, string>>;
  /** Rows that are no records: numbers of columns, totals, headings of groups, signatures. Numbers from 1. */
  readonly skipped: readonly number[];
}

const FAULTS = { error: 'cell-error', formula: 'cell-formula' } as const;
const TOTALS = ['Tổng cộng', 'Tổng số', 'Tổng hồ sơ', 'Tổng lệ phí', 'Tổng tiền', 'Cộng', 'Tổng'];

/** Reads the table of a sheet. A problem says why it has none. */
export async function readTable(
  grid: Grid,
  sheet: number,
  list: List,
  is1904: boolean,
  turn: Turn,
): Promise<Table | Problem> {
  const columns = list.columns ?? {};
  const heading = findHeading(grid.rows, columns);
  if ('twice' in heading) return problem(`/sheet${sheet}`, 'heading-twice', { near: heading.twice });
  if ('missing' in heading) return problem(`/sheet${sheet}`, 'headings-missing', { list: heading.missing });
  const uses = usesOf(list.fields);
  const read = [...heading.at].flatMap(([name, at]) => {
    const use = uses.get(name);
    return use ? [{ name, at, use: { ...use, numbers: hasNumbers(columns[name]) } }] : [];
  });
  const ofCode = codeColumnsOf(list);
  const rows: Draft[] = [];
  const skipped: number[] = [];
  for (let row = heading.row + 1; row < grid.rows.length; row++) {
    const cells = grid.rows[row] ?? [];
    if (filledOf(cells).length === 0 && !read.some(({ at }) => grid.faults?.has(`${row},${at}`))) continue;
    const draft = draftOf(grid, row, sheet, read, is1904);
    const isAbove = rows.length === 0 && isNumbering(cells);
    if (isAbove || isBlank(draft) || isNoRecord(cells, draft, list, ofCode)) skipped.push(row + 1);
    else rows.push(draft);
    await turn();
  }
  const end = rows.findLastIndex((draft) => hasCode(draft, ofCode)) + 1;
  // Names and dates of those who signed stand below the last record. A record that lacks only its code is filled better.
  const below = end === 0 ? [] : rows.splice(end);
  for (const draft of below) {
    if (Object.keys(draft.values).length * 2 < read.length) skipped.push(draft.row);
    else rows.push(draft);
  }
  await repair(rows, read, turn);
  return {
    rows: rows.map(({ faulty: _, ...row }) => row),
    columns: Object.fromEntries(read.map(({ name, at }) => [name, lettersOf(at)])),
    skipped: skipped.sort((a, b) => a - b),
  };
}

interface Draft extends FileRow {
  readonly values: Record<string, string>;
  wrong?: Problem[];
  doubtful?: Record<string, string>;
  repaired?: Record<string, string>;
  /** The columns of the cells that cannot be read. */
  readonly faulty: Set<string>;
}

interface Read {
  readonly name: string;
  readonly at: number;
  readonly use: Use;
}

function hasNumbers(column: Column | undefined): boolean {
  return typeof column === 'object' && 'titles' in column && (column.numbers ?? false);
}

/** The columns of the record's code. */
function codeColumnsOf({ fields: { code } }: List): readonly string[] {
  return [typeof code === 'string' ? code : (code?.from ?? [])].flat();
}

function draftOf(grid: Grid, row: number, sheet: number, read: readonly Read[], is1904: boolean): Draft {
  const draft: Draft = { sheet, row: row + 1, values: {}, faulty: new Set() };
  for (const { name, at, use } of read) {
    const path = `/sheet${sheet}/${lettersOf(at)}${row + 1}`;
    const fault = grid.faults?.get(`${row},${at}`);
    const value = grid.rows[row]?.[at] ?? null;
    const text = fault ? problem(path, FAULTS[fault]) : textOfCell(value, use, is1904, path);
    if (typeof text === 'string') draft.values[name] = text;
    else if (text !== undefined) {
      draft.wrong ??= [];
      draft.wrong.push(text);
      draft.faulty.add(name);
    }
  }
  return draft;
}

function filledOf(cells: readonly CellValue[]): readonly CellValue[] {
  return cells.filter((cell) => cell !== null && !(typeof cell === 'string' && cell.trim() === ''));
}

/** Whether no column that the fields read has a value: headings and notes of other columns. */
function isBlank({ values, faulty }: Draft): boolean {
  return Object.keys(values).length === 0 && faulty.size === 0;
}

/** The numbers of the columns, which forms print below the headings: `(1) (2) (3)`. */
function isNumbering(cells: readonly CellValue[]): boolean {
  const filled = filledOf(cells).map((cell) => /^\(?(\d{1,3})\)?$/.exec(String(cell).trim())?.[1]);
  const [first = ''] = filled;
  return filled.length > 1 && filled.every((number, at) => Number(number) === Number(first || Number.NaN) + at);
}

/** A row of totals, or a heading of a group with one cell only. Neither has a dossier's code. */
function isNoRecord(cells: readonly CellValue[], draft: Draft, list: List, ofCode: readonly string[]): boolean {
  if (ofCode.some((name) => isDossierCode(cleanCode(draft.values[name] ?? '')) || draft.faulty.has(name))) return false;
  const filled = filledOf(cells);
  const texts = filled.filter((cell) => typeof cell === 'string').slice(0, 2);
  return filled.length === 1 || texts.some((text) => isTotal(inspectText(text).text, list.totals ?? TOTALS));
}

/**
 * Whether a cell begins with the words of a total. Their marks count, or `Công ty` would be `Cộng`. After a single word no
 * other may stand: `Tổng công ty`. Words without marks must be the whole cell.
 */
function isTotal(cell: string, totals: readonly string[]): boolean {
  const text = plainOf(cell);
  return totals.map(plainOf).some((words) => {
    if (text === fold(words)) return true;
    if (!text.startsWith(words)) return false;
    const after = text.slice(words.length);
    const isWhole = !/^[\p{L}\p{N}]/u.test(after);
    return isWhole && (words.includes(' ') || !/^[^\p{N}]*\p{L}/u.test(after));
  });
}

const plainOf = (text: string): string => text.normalize('NFC').toLowerCase().trim().replace(/\s+/g, ' ');

/** Whether the row has anything in the columns of the record's code. One that Excel made a number counts too. */
function hasCode({ values, faulty }: Draft, ofCode: readonly string[]): boolean {
  return ofCode.some((name) => values[name] !== undefined || faulty.has(name));
}

/** Repairs the texts column by column, because a single short text is seldom certain. */
async function repair(rows: readonly Draft[], read: readonly Read[], turn: Turn): Promise<void> {
  for (const { name, use } of read) {
    if (use.as !== 'text') continue;
    const having = rows.filter(({ values }) => values[name] !== undefined);
    const { texts, repaired, doubtful } = repairColumn(having.map(({ values }) => values[name] as string));
    having.forEach((draft, at) => {
      draft.values[name] = texts[at] as string;
      const kinds = { repaired: repaired.get(at), doubtful: doubtful.get(at) };
      if (kinds.repaired !== undefined) draft.repaired = { ...draft.repaired, [name]: kinds.repaired };
      if (kinds.doubtful !== undefined) draft.doubtful = { ...draft.doubtful, [name]: kinds.doubtful };
    });
    await turn();
  }
}
