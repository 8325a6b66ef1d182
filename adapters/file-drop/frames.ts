import { type CodesOf, type defineAdapter, type Item, type Problem, pointer, problem, received } from '#kit';
import { readRecord } from '#ministry';
import type { ReadFile } from './read-file.ts';
import { type List, type ListName, OPERATIONS, type Settings } from './settings.ts';
import type { FileRow } from './table.ts';
import { createTurns } from './turns.ts';

/** A part of a file as the hub stores it: what the file says, in Unicode, before any table of codes. */
interface Frame {
  /** Tells a frame from a file that is stored unchanged. */
  readonly lienthongFile: 1;
  readonly name: string;
  /** Absent if the file was too large to be read. */
  readonly sha256?: string | undefined;
  /** The letters of the columns, by sheet from 1. */
  readonly sheets?: readonly Readonly<Record<string, string>>[];
  /** The names of the sheets. Absent in parts of older versions. */
  readonly sheetNames?: readonly string[];
  readonly rows?: readonly FileRow[];
  /** Why nothing of the file was taken. */
  readonly refused?: readonly Problem[];
}

type StoredDrop = ReturnType<NonNullable<ReturnType<typeof defineAdapter>['drops']>['stored']>;

const MARK = '{"lienthongFile":1,';
/** Rows in one stored message. A message is read in one go, and no request may wait long for it. */
const FRAME_ROWS = 50;

type Named = Pick<Frame, 'name' | 'sha256'>;
interface Body {
  readonly body: Uint8Array;
  readonly mediaType: string;
}

/** The messages of a file: the rows in parts, or one that says why it is refused. */
export async function framesOf(named: Named, read: ReadFile): Promise<readonly Body[]> {
  if ('refused' in read) return [refusalOf(named, read.refused)];
  const turn = createTurns();
  const sheets = read.sheets.map(({ columns }) => columns);
  const sheetNames = read.sheets.map(({ name: sheet }) => sheet);
  const frames: Body[] = [];
  for (let at = 0; at < read.rows.length; at += FRAME_ROWS) {
    frames.push(frameOf(named, { sheets, sheetNames, rows: read.rows.slice(at, at + FRAME_ROWS) }));
    await turn();
  }
  return frames;
}

/** The message of a file of which nothing is taken. */
export function refusalOf(named: Named, refused: readonly Problem[]): Body {
  return frameOf(named, { refused });
}

function frameOf({ name, sha256 }: Named, rest: Omit<Frame, 'lienthongFile' | 'name' | 'sha256'>): Body {
  return {
    body: Buffer.from(JSON.stringify({ lienthongFile: 1, name, sha256, ...rest } satisfies Frame)),
    mediaType: 'application/json',
  };
}

/** What a stored part says of its file. */
export function describeFrame(body: Uint8Array): StoredDrop {
  const text = textOf(body);
  const frame = text.startsWith(MARK) ? parsed(text) : undefined;
  if (frame === undefined) return undefined;
  const { name, rows = [], sheetNames = [] } = frame;
  return { name, places: rows.map(({ sheet, row }) => ({ sheet: sheetNames[sheet - 1] ?? '', row })) };
}

const textOf = (body: Uint8Array): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();

/** Reads a stored body. A file that is stored unchanged has no items: its rows are in messages of their own. */
export function readFrame(body: Uint8Array, settings: Settings, codes: CodesOf, name: ListName): readonly Item[] {
  const text = textOf(body);
  const list = settings.pull[name];
  if (!text.startsWith(MARK) || list === undefined) return [];
  const frame = parsed(text);
  if (frame === undefined) return [{ kind: 'invalid', problems: [problem('', 'not-as-kept')] }];
  if (frame.refused) return [{ kind: 'invalid', problems: frame.refused }];
  return itemsOf(frame.rows ?? [], frame.sheets ?? [], settings, codes, name);
}

function parsed(text: string): Frame | undefined {
  try {
    const frame = JSON.parse(text) as Frame;
    const isFrame = Array.isArray(frame.refused) || (Array.isArray(frame.rows) && frame.rows.every(isRow));
    return isFrame ? frame : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRow(row: unknown): row is FileRow {
  return typeof row === 'object' && row !== null && Number.isInteger((row as FileRow).row);
}

/** The items of rows, one for each, with the cell of each problem. */
export function itemsOf(
  rows: readonly FileRow[],
  sheets: readonly Readonly<Record<string, string>>[],
  settings: Settings,
  codes: CodesOf,
  name: ListName,
): readonly Item[] {
  const list = settings.pull[name];
  if (list === undefined) return [];
  return rows.map((row) => {
    const letters = sheets[row.sheet - 1] ?? {};
    const at = `/sheet${row.sheet}`;
    const whole = `${at}/row${row.row}`;
    const item = readRecord(list, row.values, { settings, codes, operation: OPERATIONS[name], place: whole });
    const cell = (column: string): string =>
      letters[column] ? `${at}/${letters[column]}${row.row}` : `${whole}/${pointer(column)}`;
    const placed = withCells(item, whole, list, cell);
    const { wrong = [] } = row;
    if (wrong.length > 0)
      return { kind: 'invalid', code: codeOf(placed), problems: [...wrong, ...othersOf(placed, wrong)] };
    return withEncodings(placed, row, cell);
  });
}

function codeOf(item: Item): string | undefined {
  return item.kind === 'record' ? item.record.code : item.code;
}

/** Problems beside those of unreadable cells, whose values are missing to the record too. */
function othersOf(item: Item, wrong: readonly Problem[]): readonly Problem[] {
  if (item.kind === 'record') return [];
  const cells = new Set(wrong.map(({ path }) => path));
  return item.problems.filter(({ path }) => !cells.has(path));
}

/** Names the cell of each problem instead of the member that it fills. */
function withCells(item: Item, whole: string, list: List, cell: (column: string) => string): Item {
  const place = (one: Problem): Problem => {
    if (!one.path.startsWith(whole)) return { ...one, path: placeOf(`${whole}${one.path}`) };
    return { ...one, path: placeOf(one.path) };
  };
  const placeOf = (path: string): string => {
    const steps = path.slice(whole.length + 1).split('/');
    const column = sourceOf(list, steps) ?? steps[0] ?? '';
    return column === '' ? whole : cell(column);
  };
  if (item.kind === 'record') return { ...item, warnings: item.warnings.map(place) };
  return { ...item, problems: item.problems.map(place) };
}

/** The column that fills a member of the record. */
function sourceOf({ fields }: List, steps: readonly string[]): string | undefined {
  for (let length = steps.length; length > 0; length--) {
    const field = fields[steps.slice(0, length).join('.')];
    if (field !== undefined) return typeof field === 'string' ? field : [field.from ?? []].flat()[0];
  }
  return undefined;
}

/** Warnings of repaired columns. A record with doubtful text waits for an operator. */
function withEncodings(item: Item, row: FileRow, cell: (column: string) => string): Item {
  const { repaired = {}, doubtful = {} } = row;
  const values = row.values as Readonly<Record<string, string>>;
  const warnings = Object.entries(repaired).map(([column, kind]) =>
    problem(cell(column), 'repaired-text', { got: received(values[column]), kind }),
  );
  if (item.kind !== 'record') return item;
  const record = { ...item, warnings: [...item.warnings, ...warnings] };
  const problems = Object.entries(doubtful).map(([column, kind]) =>
    problem(cell(column), 'doubtful-text', { got: received(values[column]), kind }),
  );
  const [first] = problems;
  if (first === undefined) return record;
  const { operation } = item;
  const key = `doubtful-text:${operation}:${first.path.replace(/\d+$/, '')}`;
  const cause = { ...first, kind: 'doubtful-text', key } as const;
  return { kind: 'waiting', operation, code: item.record.code, cause, problems, ifAccepted: record };
}
