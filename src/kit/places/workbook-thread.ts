import { parentPort, workerData } from 'node:worker_threads';
import { readOds } from 'hucre/ods';
import { type Workbook as Book, type Sheet as BookSheet, readXls, readXlsb, readXlsx } from 'hucre/xlsx';
import type { Sheet, Workbook, WorkbookAsked, WorkbookLimits, WorkbookRefused } from './workbook.ts';
import { inflatedBytes } from './zip-sizes.ts';

type Read = (bytes: Uint8Array, options: { readStyles: boolean }) => Promise<Book>;

/** A value that a formula left as a text, where the file has no type for errors. */
const ERROR_TEXT = /^#(?:N\/A|REF!|VALUE!|DIV\/0!|NAME\?|NUM!|NULL!)$/;

const OLD_WORKBOOK = [0xd0, 0xcf, 0x11, 0xe0];
const ZIP = [0x50, 0x4b];
/** 50,000 rows of 20 columns inflate to 60 MB. The bound on the memory of a thread counts no bytes of buffers. */
const MOST_INFLATED_BYTES = 128 * 1024 * 1024;

/** The worker thread that reads one workbook. It answers once. */
parentPort?.postMessage(await answer(workerData as WorkbookAsked));

async function answer({ bytes, limits }: WorkbookAsked): Promise<Workbook | WorkbookRefused> {
  if (startsWith(bytes, ZIP) && inflatedBytes(bytes) > MOST_INFLATED_BYTES) return { refused: 'costly' };
  const book = await bookIn(bytes);
  if (book === undefined) return { refused: 'damaged' };
  const isHidden = ({ hidden, veryHidden }: BookSheet): boolean => Boolean(hidden || veryHidden);
  const shown = book.sheets.filter((sheet) => !isHidden(sheet));
  if (shown.some((sheet) => isTooLarge(sheet, limits))) return { refused: 'too-large' };
  return {
    sheets: shown.map(({ name, rows, cells }): Sheet => ({ name, rows, faults: faultsIn(cells) })),
    hidden: book.sheets.filter(isHidden).map(({ name }) => name),
    is1904: book.dateSystem === '1904',
  };
}

/** The workbook by the first reader that finds sheets: the name of a file is no proof of its form. */
async function bookIn(bytes: Uint8Array): Promise<Book | undefined> {
  for (const read of readersOf(bytes)) {
    // The library throws errors of many kinds for a damaged file.
    const book = await read(bytes, { readStyles: false }).catch(() => undefined);
    if (book && book.sheets.length > 0) return book;
  }
  return undefined;
}

/** By the first bytes: those of an old binary workbook, or of a ZIP. */
function readersOf(bytes: Uint8Array): readonly Read[] {
  if (startsWith(bytes, OLD_WORKBOOK)) return [readXls];
  return startsWith(bytes, ZIP) ? [readXlsx, readXlsb, readOds] : [];
}

function startsWith(bytes: Uint8Array, codes: readonly number[]): boolean {
  return codes.every((code, at) => bytes[at] === code);
}

function isTooLarge({ rows }: BookSheet, limits: WorkbookLimits): boolean {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return rows.length > limits.rows || rows.length * width > limits.cells;
}

function faultsIn(cells: BookSheet['cells']): Sheet['faults'] {
  const faults = new Map<string, 'error' | 'formula'>();
  for (const [at, { type, value, formulaResult }] of cells ?? []) {
    if (type === 'error') faults.set(at, 'error');
    else if (type === 'formula' && (value ?? formulaResult ?? null) === null) faults.set(at, 'formula');
    else if (type === 'formula' && ERROR_TEXT.test(String(value))) faults.set(at, 'error');
  }
  return faults;
}
