import { createThreads, ThreadBoundError } from '../../concurrency/threads.ts';

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

/** `costly`: reading it reached a bound of time or memory. */
export type WorkbookRefused = { readonly refused: 'damaged' | 'too-large' | 'costly' };

export interface WorkbookAsked {
  readonly bytes: Uint8Array;
  readonly limits: WorkbookLimits;
}

/** A hostile or damaged workbook may not take longer, or more memory. 20,000 rows × 10 columns took 2.6 s. */
const BOUNDS = { withinMs: 60_000, mostMb: 512 };

const inThread = createThreads<WorkbookAsked, Workbook | WorkbookRefused>('src/kit/places/workbook-thread.ts', BOUNDS);

/** Reads a workbook in a thread, because a large one would hold the event loop for seconds. */
export async function readWorkbook(bytes: Uint8Array, limits: WorkbookLimits): Promise<Workbook | WorkbookRefused> {
  try {
    return await inThread({ bytes, limits });
  } catch (error) {
    if (error instanceof ThreadBoundError) return { refused: 'costly' };
    throw error;
  }
}
