import { LONGEST_CODE } from './identifiers/codes.ts';

/** One error in a value: its place (JSON Pointer), and what was found and expected, in plain words. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  /** A stable code for programs. Some problems have none yet. */
  readonly code?: string;
}

/** Why an operator must settle something before an item or a delivery can continue. */
export type Cause = UnmappedCause | OtherCause;

interface CauseMembers {
  /** The same for all items with this cause. One resolution releases them together. */
  readonly key: string;
  readonly message: string;
}

/** A table lacks the code. Codes that the catalogue must know use the tables `service`, `agency` and `field`. */
export interface UnmappedCause extends CauseMembers {
  readonly kind: 'unmapped';
  readonly table: string;
  readonly from: string;
}

/** A text that cannot be repaired, an unknown dossier, an unreadable message. */
export interface OtherCause extends CauseMembers {
  readonly kind: 'doubtful-text' | 'dossier-unknown' | 'code-conflict' | 'ahead-of-time' | 'unreadable';
}

/** The cause of a code that a table lacks, cut to the longest code of a table. */
export function unmappedCause(table: string, code: string, message: string): UnmappedCause {
  const from = code.slice(0, LONGEST_CODE);
  return { kind: 'unmapped', table, from, key: unmappedKey(table, from), message };
}

/** The key of the cause of a code that a table lacks. */
export function unmappedKey(table: string, code: string): string {
  return `unmapped:${table}:${code.slice(0, LONGEST_CODE)}`;
}
