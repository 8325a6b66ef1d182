/** One item of a file, as one line of JSON. */
export interface FileItem {
  /** The line of the file on which it begins, 1 for the first. */
  readonly line: number;
  readonly json: Buffer;
  /** What is wrong with it as a piece of the file. Its text reads as invalid then, too. */
  readonly problem?: string;
}

/** Longer ones are not kept whole, as at the doors. */
export const MAX_ITEM_BYTES = 1024 * 1024;

/** An item that cannot be read; `text` tells those who read the message later why. */
export function brokenItem(line: number, problem: string): FileItem {
  return { line, json: Buffer.from(JSON.stringify(`(${problem})`)), problem };
}

export function tooLongItem(line: number): FileItem {
  return brokenItem(line, `an item of more than ${MAX_ITEM_BYTES / 1024 / 1024} MiB`);
}
