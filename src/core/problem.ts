import { LONGEST_CODE } from './identifiers/codes.ts';

/** One error in a value: its place (JSON Pointer), and what was found and expected, in plain words. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  /** A stable code for programs. Some problems have none yet. */
  readonly code?: string;
}

/** Why an operator must settle something before an item or a delivery can continue. */
export interface Cause {
  /**
   * The kind of obstacle: an unmapped code, a text that cannot be repaired, an unknown dossier, an unreadable message…
   */
  readonly kind: 'unmapped' | 'doubtful-text' | 'dossier-unknown' | 'code-conflict' | 'ahead-of-time' | 'unreadable';
  /** The same for all items with this cause. One resolution releases them together. */
  readonly key: string;
  readonly message: string;
}

/**
 * The key of a code that a table lacks, cut to the longest code of a table. Codes that the catalogue must know use the
 * tables `service`, `agency` and `field`.
 */
export function unmappedKey(table: string, code: string): string {
  return `${UNMAPPED}${table}:${code.slice(0, LONGEST_CODE)}`;
}

const UNMAPPED = 'unmapped:';

/** The table and code within a key of `unmappedKey`. Undefined for another kind of cause. */
export function unmappedOf({ kind, key }: { readonly kind: string; readonly key: string }) {
  const at = key.indexOf(':', UNMAPPED.length);
  if (kind !== 'unmapped' || at < 0) return undefined;
  return { table: key.slice(UNMAPPED.length, at), from: key.slice(at + 1) };
}
