import { isUtf8 } from 'node:buffer';
import type { InvalidItem } from '#core/dossier/item';
import { problem } from '#core/problem';
import { say, type Words } from '#messages/message';
import { mapYielding } from '../concurrency/yielding.ts';
import { type Slice, sliceArray, sliceObject } from './json-items.ts';
import { Refusal } from './problem.ts';

/** Smaller bodies are parsed at once, which takes a few milliseconds. */
export const SMALL_BYTES = 256 * 1024;
export const MAX_ITEM_BYTES = 1024 * 1024;
/** The limit of members besides the list. A million of them took seconds. */
const MAX_MEMBERS = 200;
/** Replaces an item above the limit, so that the other items of its list are accepted. */
export const TOO_LARGE = Symbol('too large');

export function tooLarge(): InvalidItem {
  return { kind: 'invalid', problems: [problem('', 'item-too-large', { count: MAX_ITEM_BYTES })] };
}

/**
 * @throws Refusal 400 when the bytes are not JSON; its text never quotes the body, which may be
 * personal
 */
export function parseWhole(bytes: Buffer): unknown {
  try {
    return JSON.parse(decode(bytes));
  } catch (error) {
    throw new Refusal('not-json', say('body-not-json', { why: whyNot(error as Error) }));
  }
}

/**
 * Parses an object with a long list `name` item by item, so that other requests need not wait.
 *
 * @throws Refusal 400 when the bytes are not JSON, 413 when the list is longer, when another member is larger
 * than 1 MiB, or when there are over 200 of them
 */
export async function parseWithList(bytes: Buffer, name: string, maxItems: number): Promise<unknown> {
  if (bytes.length <= SMALL_BYTES) return parseWhole(bytes);
  const json = withoutMark(bytes);
  const members = await sliceObject(json, MAX_MEMBERS);
  if (!members) throw notOne('an-object');
  if (members.size > MAX_MEMBERS) throw new Refusal('too-large', say('too-many-members', { count: MAX_MEMBERS }));
  const parsed: Record<string, unknown> = {};
  for (const [member, { start, end }] of members) {
    const value = json.subarray(start, end);
    const list = member === name ? await parseList(value, maxItems) : undefined;
    if (!list && value.length > MAX_ITEM_BYTES)
      throw new Refusal('too-large', say('member-too-large', { member, count: MAX_ITEM_BYTES }));
    parsed[member] = list ?? parseWhole(value);
  }
  return parsed;
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
): Promise<Out[] | undefined> {
  const json = withoutMark(bytes);
  const slices = await sliceArray(json, maxItems);
  if (slices && slices.length > maxItems) throw new Refusal('too-many', say('more-items-than', { count: maxItems }));
  // Everything is parsed before any item is accepted: an error at the end makes the whole body invalid JSON.
  return (
    slices &&
    mapYielding(slices, ({ start, end }: Slice) =>
      read(end - start > MAX_ITEM_BYTES ? TOO_LARGE : parseWhole(json.subarray(start, end))),
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
