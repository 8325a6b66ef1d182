import type { Item } from '#core/dossier/item';
import type { Problem } from '#core/problem';
import type { Connection } from './connection.ts';
import type { Page, StoredResult } from './puller.ts';

/** A file that a partner left. */
export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The place of an item in a file. Paths of problems name the cell: `/sheet1/E4`. */
export interface DropPlace {
  /** The name of the sheet. Empty for CSV and XML. */
  readonly sheet: string;
  /** Its row in the sheet, or its position in the list of an XML file, from 1. */
  readonly row: number;
}

/** What a stored body of a file says of it. */
export interface StoredDrop {
  readonly name: string;
  /** Where each of its items stands in the file. */
  readonly places: readonly DropPlace[];
}

/** A file that was read whole. */
export interface ReadDrop {
  readonly sha256: string;
  /** A UUID for the messages of the file: the same for the same file of the same party under the same settings. */
  readonly receipt: string;
  /** The file itself, unless it is large, and its rows in parts. The puller of the list reads them. */
  readonly bodies: Page['bodies'];
  /** The items of all bodies, in order. */
  readonly items: readonly Item[];
  /** Where each item stands in the file. */
  readonly places: readonly DropPlace[];
  /** Why nothing of the file is taken. */
  readonly refused?: readonly Problem[] | undefined;
  /**
   * The report for the office that sent the file, in Vietnamese, as CSV.
   *
   * @param at when the hub took the file
   * @param isRepeat the same file was taken before
   */
  report(results: readonly StoredResult[], at: string, isRepeat: boolean): string;
}

/** Reads the files of a partner whose records come as files. */
export interface Drops<Settings> {
  /** The lists of a party with these settings, by the names of their pulls. Pure. */
  lists(settings: Settings): readonly string[];
  /** The list that a file of this name belongs to. Undefined if the settings take no such file. Pure. */
  listOf(settings: Settings, fileName: string): string | undefined;
  /** Reads a file whole, by the settings of a list. Stores nothing. */
  read(connection: Connection<Settings>, file: DroppedFile, list: string): Promise<ReadDrop>;
  /** Describes a stored body. Undefined for a file that is stored unchanged. Pure. */
  stored(body: Uint8Array): StoredDrop | undefined;
}
