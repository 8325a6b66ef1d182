import { Worker } from 'node:worker_threads';

/** A cell's value. A date has the moment that the sheet shows, as if it were in UTC. */
export type CellValue = string | number | boolean | Date | null;

export interface Sheet {
  readonly name: string;
  readonly rows: readonly (readonly CellValue[])[];
  /** Cells that cannot be taken as they are, by `row,column` from 0: an error such as #N/A, or a formula without a value. */
  readonly faults: ReadonlyMap<string, 'error' | 'formula'>;
}

export interface Workbook {
  /** Visible sheets. */
  readonly sheets: readonly Sheet[];
  /** The names of hidden sheets, which are not read. */
  readonly hidden: readonly string[];
  /** Excel on old Macs counts days from 1904. */
  readonly is1904: boolean;
}

export interface WorkbookLimits {
  /** The most rows of a sheet. */
  readonly rows: number;
  /** The most cells of a sheet, as rows × columns. */
  readonly cells: number;
}

/** A hostile or damaged workbook may not take longer, or more memory. 20,000 rows × 10 columns took 2.6 s. */
const WITHIN_MS = 60_000;
const MEMORY_MB = 512;

/** Reads a workbook in a thread, because a large one would hold the event loop for seconds. */
export function readWorkbook(
  bytes: Uint8Array,
  limits: WorkbookLimits,
): Promise<Workbook | { readonly refused: 'damaged' | 'too-large' }> {
  const library = import.meta.resolve('hucre/xlsx');
  const spreadsheets = import.meta.resolve('hucre/ods');
  const thread = new Worker(THREAD, {
    eval: true,
    workerData: { bytes, limits, library, spreadsheets },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    stdout: true,
    stderr: true,
  });
  return new Promise((resolve) => {
    const late = setTimeout(() => end('too-large'), WITHIN_MS);
    function end(read: Workbook | 'damaged' | 'too-large'): void {
      clearTimeout(late);
      void thread.terminate();
      resolve(typeof read === 'string' ? { refused: read } : read);
    }
    thread.once('message', end);
    // Out of memory arrives as an error of the thread.
    thread.once('error', (error) =>
      end((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'too-large' : 'damaged'),
    );
  });
}

/** The code of the thread. As a text it runs the same from sources and from compiled files. */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { bytes, limits, library, spreadsheets } = workerData;
const starts = (...codes) => codes.every((code, at) => bytes[at] === code);
(async () => {
  const { readXlsx, readXlsb, readXls } = await import(library);
  const readers = starts(0xd0, 0xcf, 0x11, 0xe0) ? [readXls] : starts(0x50, 0x4b) ? [readXlsx, readXlsb, (await import(spreadsheets)).readOds] : [];
  let book;
  for (const read of readers) {
    try { book = await read(bytes, { readStyles: false }); } catch (error) { book = undefined; }
    if (book && book.sheets.length > 0) break;
  }
  if (!book || book.sheets.length === 0) return parentPort.postMessage('damaged');
  const isHidden = (sheet) => sheet.hidden || sheet.veryHidden;
  const sheets = [];
  for (const { name, rows, cells } of book.sheets.filter((sheet) => !isHidden(sheet))) {
    const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
    if (rows.length > limits.rows || rows.length * width > limits.cells) return parentPort.postMessage('too-large');
    const faults = new Map();
    for (const [at, { type, value, formulaResult }] of cells ?? []) {
      if (type === 'error') faults.set(at, 'error');
      else if (type === 'formula' && (value ?? formulaResult ?? null) === null) faults.set(at, 'formula');
      else if (type === 'formula' && /^#(?:N\\/A|REF!|VALUE!|DIV\\/0!|NAME\\?|NUM!|NULL!)$/.test(String(value))) faults.set(at, 'error');
    }
    sheets.push({ name, rows, faults });
  }
  parentPort.postMessage({ sheets, hidden: book.sheets.filter(isHidden).map(({ name }) => name), is1904: book.dateSystem === '1904' });
})().catch(() => parentPort.postMessage('damaged'));
`;
