import { isUtf8 } from 'node:buffer';
import type { InvalidItem } from '#core/dossier/item';
import { parseExactly } from '#core/exact-json';
import { pointer } from '#core/explain';
import { type Problem, problem } from '#core/problem';
import { repeatedIn } from '#core/repeated-members';
import { storable } from '#core/vietnamese/text';
import { say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { mapYielding } from '../concurrency/yielding.ts';
import { type Slice, sliceArray, sliceObject } from './json-items.ts';
import { Refusal, refusalWith } from './problem.ts';

/** Smaller bodies are parsed at once, which takes a few milliseconds. */
export const SMALL_BYTES = 256 * 1024;
export const MAX_ITEM_BYTES = 1024 * 1024;
/** The limit of members besides the list. A million of them took seconds. */
const MAX_MEMBERS = 200;
/** Replaces an item above the limit, so that the other items of its list are accepted. */
export const TOO_LARGE = Symbol('too large');

export function itemTooLarge(): InvalidItem {
  return { kind: 'invalid', problems: [problem('', 'item-too-large', { count: MAX_ITEM_BYTES })] };
}

/** Replaces a value of which a member stands more than once: only the last one would be read, and the others lost. */
export class Repeating {
  /** How often each of the members stands there, by JSON Pointer. */
  readonly places: ReadonlyMap<string, number>;

  constructor(places: ReadonlyMap<string, number>) {
    this.places = places;
  }
}

/** The limits of what is reported and stored. There may be 100,000 members, or one with a name of a megabyte. */
const MAX_TOLD = 20;
const LONGEST_PATH = 200;

function repeatProblems(places: Iterable<readonly [path: string, count: number]>): readonly Problem[] {
  return [...places]
    .slice(0, MAX_TOLD)
    .map(([path, count]) => problem(storable(path.slice(0, LONGEST_PATH)), 'given-repeatedly', { count }));
}

/** The result of an item that stands in the place of its value. Undefined for a value. */
export function unreadItem(item: unknown): InvalidItem | undefined {
  if (item === TOO_LARGE) return itemTooLarge();
  return item instanceof Repeating ? { kind: 'invalid', problems: repeatProblems(item.places) } : undefined;
}

/** How the values of a body are parsed. */
export interface Reading {
  /** @throws SyntaxError */
  readonly parse: (json: string) => unknown;
  /** Whether a value in which a member repeats becomes a `Repeating`. Otherwise the last one counts. */
  readonly refusesRepeats: boolean;
}

export const STRICT: Reading = { parse: JSON.parse, refusesRepeats: true };
/** Numbers that JSON.parse would change are texts, for a dialect that reads numbers as texts. */
export const EXACT: Reading = { parse: parseExactly, refusesRepeats: true };
/** For a body that is shown or forwarded. */
export const AS_IS: Reading = { parse: parseExactly, refusesRepeats: false };
/** A stored body, read as when it came: before a member that repeats was refused, the last one counted. */
export const STORED: Reading = { parse: JSON.parse, refusesRepeats: false };

/**
 * Parses a value, or returns what repeats in it.
 *
 * @throws Refusal 400 when the bytes are not JSON; its text never quotes the body, which may be personal
 */
export function parseValue(bytes: Buffer, reading = STRICT): unknown {
  try {
    return valueIn(decode(bytes), reading);
  } catch (error) {
    throw new Refusal('not-json', say('body-not-json', { why: whyNot(error as Error) }));
  }
}

/** @throws Refusal 400 when the bytes are not JSON, or a member repeats */
export function parseWhole(bytes: Buffer): unknown {
  const value = parseValue(bytes);
  if (value instanceof Repeating) throw refusalWith(repeatProblems(value.places));
  return value;
}

/** The value of a JSON text, or what repeats in it. @throws SyntaxError */
export function valueIn(json: string, { parse, refusesRepeats }: Reading): unknown {
  const value = parse(json);
  if (!refusesRepeats) return value;
  const repeated = repeatedIn(json, value);
  return repeated.size > 0 ? new Repeating(repeated) : value;
}

/**
 * Parses an object with a long list `name` item by item, so that other requests need not wait. An item in which a member repeats
 * is a `Repeating`.
 *
 * @throws Refusal 400 when the bytes are not JSON or another member repeats, 413 when the list is longer, when another member is
 * larger than 1 MiB, or when there are over 200 of them
 */
export async function parseWithList(bytes: Buffer, name: string, maxItems: number, reading: Reading): Promise<unknown> {
  const whole = bytes.length <= SMALL_BYTES ? parseValue(bytes, reading) : undefined;
  if (whole !== undefined && !(whole instanceof Repeating)) return whole;
  const json = withoutMark(bytes);
  const found = await sliceObject(json, MAX_MEMBERS);
  if (!found) throw notOne('an-object');
  if (found.count > MAX_MEMBERS) throw new Refusal('too-large', say('too-many-members', { count: MAX_MEMBERS }));
  const parsed = new Map<string, unknown>();
  const repeated: (readonly [string, number])[] = reading.refusesRepeats ? [...found.repeated] : [];
  for (const [member, { start, end }] of found.slices) {
    const value = json.subarray(start, end);
    const list = member === name ? await parseList(value, maxItems, undefined, reading) : undefined;
    if (!list && value.length > MAX_ITEM_BYTES)
      throw new Refusal('too-large', say('member-too-large', { member: received(member), count: MAX_ITEM_BYTES }));
    const one = list ?? parseValue(value, reading);
    if (one instanceof Repeating)
      for (const [path, count] of one.places) repeated.push([`/${pointer(member)}${path}`, count]);
    parsed.set(member, one);
  }
  if (repeated.length > 0) throw refusalWith(repeatProblems(repeated));
  return Object.fromEntries(parsed);
}

/**
 * The items of a large array. Undefined when the body is not an array.
 *
 * @param read converts each item; its parsed form is freed before the next item is parsed
 */
export async function parseList<Out = unknown>(
  bytes: Buffer,
  maxItems: number,
  read: (item: unknown) => Out = (item) => item as Out,
  reading = STRICT,
): Promise<Out[] | undefined> {
  const json = withoutMark(bytes);
  const slices = await sliceArray(json, maxItems);
  if (slices && slices.length > maxItems) throw new Refusal('too-many', say('more-items-than', { count: maxItems }));
  // Everything is parsed before any item is accepted: an error at the end makes the whole body invalid JSON.
  return (
    slices &&
    mapYielding(slices, ({ start, end }: Slice) =>
      read(end - start > MAX_ITEM_BYTES ? TOO_LARGE : parseValue(json.subarray(start, end), reading)),
    )
  );
}

export function notOne(expected: 'an-object' | 'object-or-array'): Refusal {
  return new Refusal('not-json', say('body-not-json', { why: say('expected', { expected: say(expected) }) }));
}

/** Invalid UTF-8 is refused, because U+FFFD would lose data. A byte order mark is skipped. */
export function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new TypeError('not UTF-8');
  return withoutMark(bytes).toString('utf8');
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Values of other languages. When the whole text is one of them, V8 reports no position. */
const WORDS = /^"(NaN|Infinity|undefined|\[object Object\])" is not valid JSON$/;

/** V8 quotes the body in its message. This text has only the position or the wrong character. */
export function whyNot(error: Error): Words {
  if (error instanceof TypeError) return say('not-utf-8');
  const { message } = error;
  const position = /position (\d+)/.exec(message)?.[1];
  const character = /^Unexpected token '?([\s\S])/u.exec(message)?.[1];
  if (position === undefined && character !== undefined) return say('json-character', { got: character });
  const word = WORDS.exec(message)?.[1];
  if (word !== undefined) return say('json-word', { word });
  return position === undefined ? say('ends-too-early') : say('json-position', { position });
}
