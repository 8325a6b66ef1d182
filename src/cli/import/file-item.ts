/** One item of a file, as one line of JSON. */
export interface FileItem {
  /** Number of its first line in the file, from 1. */
  readonly line: number;
  readonly json: Buffer;
  /** A fault of the file at this item. Its text then reads as invalid too. */
  readonly problem?: string;
}

/** Longer items are cut off, as at the doors. */
export const MAX_ITEM_BYTES = 1024 * 1024;

/** An unreadable item; `text` explains why to later readers of the message. */
export function brokenItem(line: number, problem: string): FileItem {
  return { line, json: Buffer.from(JSON.stringify(`(${problem})`)), problem };
}

export function tooLongItem(line: number): FileItem {
  return brokenItem(line, `an item of more than ${MAX_ITEM_BYTES / 1024 / 1024} MiB`);
}
