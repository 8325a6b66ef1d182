import { LONGEST_CODE } from './identifiers/codes.ts';

/** One thing that is wrong with a value: where (JSON Pointer) and what was found and expected, in plain words. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  /** A stable code for programs; some problems have none yet. */
  readonly code?: string;
}

/** Why a person must settle something before an item or a delivery can go on. */
export interface Cause {
  /**
   * What kind of thing waits: a code no table maps, a text that cannot be repaired, a dossier nobody has seen, a message that
   * cannot be read any more…
   */
  readonly kind: 'unmapped' | 'doubtful-text' | 'dossier-unknown' | 'code-conflict' | 'ahead-of-time' | 'unreadable';
  /** What all items with the same cause have in common; one resolution frees them together. */
  readonly key: string;
  readonly message: string;
}

/** The key of a code that a table does not know, cut to what a table can hold: partners make up longer ones. What the catalogue has to know waits under `service`, `agency` or `field`. */
export function unmappedKey(table: string, code: string): string {
  return `${UNMAPPED}${table}:${code.slice(0, LONGEST_CODE)}`;
}

const UNMAPPED = 'unmapped:';

/** The table and the code that `unmappedKey` made a key of. Undefined for a cause of another kind. */
export function unmappedOf({ kind, key }: { readonly kind: string; readonly key: string }) {
  const at = key.indexOf(':', UNMAPPED.length);
  if (kind !== 'unmapped' || at < 0) return undefined;
  return { table: key.slice(UNMAPPED.length, at), from: key.slice(at + 1) };
}
