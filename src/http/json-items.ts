import { nextTurn } from './turns.ts';

/** Where one item of a JSON array lies in its bytes. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Find the items of a JSON array without parsing them, so that each can be parsed in its own turn of the event loop.
 * Other requests get their turn after every megabyte.
 *
 * @returns undefined when the bytes are not one array (each item still has to be parsed to know that it is JSON)
 */
export async function sliceArray(bytes: Buffer): Promise<readonly Slice[] | undefined> {
  const slices: Slice[] = [];
  const whole = await sliceAll(bytes, OPEN_BRACKET, CLOSE_BRACKET, (at) => {
    const end = endOfValue(bytes, at);
    slices.push({ start: at, end });
    return end;
  });
  return whole ? slices : undefined;
}

/** Find the members of a JSON object: where each value lies, by its name. Undefined when the bytes are not one object. */
export async function sliceObject(bytes: Buffer): Promise<ReadonlyMap<string, Slice> | undefined> {
  const slices = new Map<string, Slice>();
  const whole = await sliceAll(bytes, OPEN_BRACE, CLOSE_BRACE, (at) => {
    if (bytes[at] !== QUOTE) return at;
    const nameEnd = endOfString(bytes, at) + 1;
    const colon = skipBlank(bytes, nameEnd);
    if (bytes[colon] !== COLON) return at;
    const start = skipBlank(bytes, colon + 1);
    const end = endOfValue(bytes, start);
    slices.set(bytes.toString('utf8', at + 1, nameEnd - 1), { start, end });
    return end === start ? at : end;
  });
  return whole ? slices : undefined;
}

/** @param take notes the item that begins at a place and says where it ends; the place itself when there is none */
async function sliceAll(bytes: Buffer, open: number, close: number, take: (at: number) => number): Promise<boolean> {
  let at = skipBlank(bytes, 0);
  if (bytes[at] !== open) return false;
  at = skipBlank(bytes, at + 1);
  if (bytes[at] === close) return skipBlank(bytes, at + 1) === bytes.length;
  let rested = 0;
  for (;;) {
    const end = take(at);
    if (end === at) return false;
    if (end - rested > PART_BYTES) {
      rested = end;
      await nextTurn();
    }
    at = skipBlank(bytes, end);
    if (bytes[at] === close) return skipBlank(bytes, at + 1) === bytes.length;
    if (bytes[at] !== COMMA) return false;
    at = skipBlank(bytes, at + 1);
  }
}

const PART_BYTES = 1024 * 1024;

function skipBlank(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09))
    at++;
  return at;
}

/** The byte after the value that begins at `from`: brackets are counted outside of strings. */
function endOfValue(bytes: Buffer, from: number): number {
  let depth = 0;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return trimEnd(bytes, from, at);
      depth--;
      if (depth === 0) return at + 1;
    } else if (byte === COMMA && depth === 0) return trimEnd(bytes, from, at);
    at++;
  }
  return trimEnd(bytes, from, at);
}

/** The place of the quote that ends the string which begins at `from`. */
function endOfString(bytes: Buffer, from: number): number {
  let at = from + 1;
  for (;;) {
    const end = bytes.indexOf(QUOTE, at);
    if (end === -1) return bytes.length;
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
    at = end + 1;
  }
}

function trimEnd(bytes: Buffer, from: number, end: number): number {
  let at = end;
  while (at > from && (bytes[at - 1] as number) <= 0x20) at--;
  return at;
}
