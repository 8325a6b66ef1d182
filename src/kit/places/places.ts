import type { Outcome } from '#core/dossier/settle';
import { say } from '#messages/message';
import { unavailable } from '../outcomes.ts';
import { PlaceFailure } from './failure.ts';
import { openFolder } from './folder.ts';
import { readTextRows } from './read-text-rows.ts';
import { openSftp, type SftpPlace } from './sftp.ts';
import type { TextRows } from './text-rows.ts';
import { readWorkbook, type Workbook, type WorkbookLimits, type WorkbookRefused } from './workbook.ts';

/** Where a partner leaves its files. */
export type Place = { readonly kind: 'folder'; readonly path: string } | SftpPlace;

/** A file in a folder of a place. Folders and links are not listed. */
export interface FileEntry {
  readonly name: string;
  readonly bytes: number;
  /** When it was last written, by the place's own clock. Epoch milliseconds. */
  readonly changedMs: number;
}

/** A place that is open. Paths are relative to it, with `/` between names. A failure throws a PlaceFailure. */
export interface OpenPlace {
  /** The files of a folder, sorted by name; `''` is the place itself. Empty if the folder does not exist. */
  list(folder: string): Promise<readonly FileEntry[]>;
  /**
   * Undefined if the file does not exist.
   *
   * @param mostBytes reads at most this number of bytes, because a file may have any size
   */
  read(path: string, mostBytes?: number): Promise<Buffer | undefined>;
  /** Writes a whole file under a temporary name, then gives it its name. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Renames a file and creates the folder of the new name. Does nothing if the file does not exist. */
  move(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** The files that partners exchange with the hub. An adapter opens no file itself. */
export interface Places {
  /** Opens a place for one piece of work. The outcome is `unavailable` if the place cannot be used. */
  within<T>(place: Place, work: (place: OpenPlace) => Promise<T>): Promise<T | Outcome>;
  /**
   * The sheets of a workbook (xlsx, xlsm, xlsb, xls or ods), with the values that were calculated when it was saved. Formulas
   * are never calculated. Reads in a thread of its own, with bounds on time and memory.
   */
  workbook(bytes: Uint8Array, limits: WorkbookLimits): Promise<Workbook | WorkbookRefused>;
  /** The cells of a delimited text. A large one is read in a thread too. Empty cells and rows at the end are left out. */
  delimited(text: string, delimiter: string, most: { rows: number; columns: number }): Promise<TextRows<string[]>>;
  /** The elements at a path of an XML document (see nodesAt). A large one is read in a thread too. */
  elements(text: string, path: string, most: { rows: number }): Promise<TextRows<unknown>>;
}

export function createPlaces({ timeoutMs = 60_000 }: { readonly timeoutMs?: number | undefined } = {}): Places {
  return {
    async within(place, work) {
      try {
        if (place.kind === 'folder') return await work(openFolder(place.path));
        return await openSftp(place, timeoutMs, work);
      } catch (error) {
        if (!(error instanceof PlaceFailure)) throw error;
        return unavailable('place', say('place-unusable', { said: error.message }));
      }
    },
    workbook: readWorkbook,
    delimited: (text, delimiter, most) => readTextRows({ text, delimiter, ...most }) as Promise<TextRows<string[]>>,
    elements: (text, path, { rows }) => readTextRows({ text, path, rows }),
  };
}
