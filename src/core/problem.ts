import { type Code, type Given, type Rendered, say, type TextOrWords, type Words, wordsOf } from '#messages/message';
import { inEnglish } from '#messages/render';
import { LONGEST_CODE } from './identifiers/codes.ts';

/** One error in a value: its place (JSON Pointer), a stable code, its arguments, and the English sentence. */
export interface Problem extends Rendered {
  readonly path: string;
}

/** A problem of a code with its arguments. */
export function problem<C extends Code>(path: string, code: C, ...args: Given<C>): Problem {
  return { path, ...inEnglish(say(code, ...args)) };
}

/** Names as a list in a sentence. An empty list gives the words of `none-known`. */
export function listed(names: Iterable<string>): readonly (string | Words)[] {
  const all = [...names];
  return all.length > 0 ? all : [say('none-known')];
}

/** All problems of an item in one sentence. */
export function whyAll(problems: readonly Problem[]): Rendered {
  return inEnglish(say('problems', { problems: problems.map(({ path, code, args }) => atPath(path, { code, args })) }));
}

/** Words about a place. */
export const atPath = (path: string, { code, args }: Words): Words => say('at-path', { path, problem: { code, args } });

/** Why an operator must settle something before an item or a delivery can continue. */
export type Cause = UnmappedCause | OtherCause;

interface CauseMembers extends Rendered {
  /** The same for all items with this cause. One resolution releases them together. */
  readonly key: string;
}

/** A table lacks the code. Codes that the catalogue must know use the tables `service`, `agency` and `field`. */
export interface UnmappedCause extends CauseMembers {
  readonly kind: 'unmapped';
  readonly table: string;
  readonly from: string;
}

/**
 * A text that cannot be repaired, an unknown dossier or record, a record of a party that is not entitled to it, an item of a
 * message that cannot be read or applied, a record that its kind holds, a report that contradicts the record.
 */
export interface OtherCause extends CauseMembers {
  readonly kind: (typeof OTHER_CAUSES)[number];
}

export const OTHER_CAUSES = [
  'doubtful-text',
  'dossier-unknown',
  'record-unknown',
  'not-owner',
  'code-conflict',
  'ahead-of-time',
  'unreadable',
  'held',
  'contradiction',
] as const;

/** The cause of a code that a table lacks, cut to the longest code of a table. */
export function unmappedCause(table: string, code: string, said: TextOrWords): UnmappedCause {
  const from = code.slice(0, LONGEST_CODE);
  return { kind: 'unmapped', table, from, key: unmappedKey(table, from), ...inEnglish(wordsOf(said)) };
}

/** The key of the cause of a code that a table lacks. */
export function unmappedKey(table: string, code: string): string {
  return `unmapped:${table}:${code.slice(0, LONGEST_CODE)}`;
}
