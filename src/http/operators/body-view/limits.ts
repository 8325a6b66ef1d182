import { SMALL_BYTES } from '../../json-body.ts';

/** Of a long list so many items are shown. */
export const MOST_ITEMS = 50;
/** So many values are shown of any body: each is looked through for what is to be masked, while others wait. */
export const MOST_VALUES = 5_000;
/** So long all texts are that are looked through: those of a small body, and what is opened of them. */
const MOST_CHARACTERS = 2 * SMALL_BYTES;
/** A name as long counts as one value more. */
const LONG_NAME = 100;

/** No record is nested so deep; whoever sends more wants to see the reader fall. */
export const DEEPEST = 100;

export class TooDeep extends Error {}

/** Nobody would read so many values of one thing. */
export class TooLarge extends Error {}

/** How much more is looked through of a body. */
export interface Budget {
  /** That stand inside of texts. */
  values: number;
  characters: number;
}

export function budgetBeside(values: number): Budget {
  return { values: MOST_VALUES - values, characters: MOST_CHARACTERS };
}

/** How many values there are in one, itself counted, up to a little more than are shown. */
export function valuesIn(value: unknown, depth = 0): number {
  if (depth > DEEPEST) throw new TooDeep();
  if (typeof value !== 'object' || value === null) return 1;
  const members = Object.keys(value);
  if (members.length > MOST_VALUES) return members.length;
  let count = 1;
  for (const member of members) {
    count += valuesIn((value as Record<string, unknown>)[member], depth + 1) + Math.floor(member.length / LONG_NAME);
    if (count > MOST_VALUES) break;
  }
  return count;
}

/** As many elements and attributes as XML has at most, up to a little more than are shown. */
export function markupIn(xml: string): number {
  let count = 0;
  for (const _ of xml.matchAll(/<[^/]|=\s*["']/g)) if (++count > MOST_VALUES) break;
  return count;
}
