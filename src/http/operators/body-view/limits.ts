import { SMALL_BYTES } from '../../json-body.ts';

/** The number of shown items of a long list. */
export const MOST_ITEMS = 50;
/** The number of shown values of a body. Each is checked for masking while other requests wait. */
export const MOST_VALUES = 5_000;
/** The total length of the checked texts: those of a small body, and their opened contents. */
const MOST_CHARACTERS = 2 * SMALL_BYTES;
/** A name of this length counts as an additional value. */
const LONG_NAME = 100;

/** The depth limit. Real records are never so deep, only attacks are. */
export const DEEPEST = 100;

export class TooDeep extends Error {}

/** A body with more values than anybody would read. */
export class TooLarge extends Error {}

/** The remaining work for a body. */
export interface Budget {
  /** Values inside texts. */
  values: number;
  characters: number;
}

export function budgetBeside(values: number): Budget {
  return { values: MOST_VALUES - values, characters: MOST_CHARACTERS };
}

/** The number of values in a value, with itself. Stops a little above the limit. */
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

/** The maximum number of elements and attributes in XML. Stops a little above the limit. */
export function markupIn(xml: string): number {
  let count = 0;
  for (const _ of xml.matchAll(/<[^/]|=\s*["']/g)) if (++count > MOST_VALUES) break;
  return count;
}
