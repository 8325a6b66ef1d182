import { pointer } from '#core/explain';
import { nextTurn } from '../concurrency/yielding.ts';

/** The position of an item of a JSON array in the bytes. */
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
 * Finds the items of a JSON array without parsing them, so that each can be parsed in its own turn.
 *
 * Other requests get a turn after every 256 KiB.
 *
 * @returns the positions. With more than `most` items it stops early, after one more. Undefined when the bytes
 * are not one array (each item must still be parsed to know that it is JSON).
 */
export async function sliceArray(bytes: Buffer, most: number): Promise<readonly Slice[] | undefined> {
  const slices: Slice[] = [];
  const whole = await sliceAll(bytes, OPEN_BRACKET, CLOSE_BRACKET, {
    valueAt: (at) => (slices.length > most ? undefined : at),
    take: (start, end) => void slices.push({ start, end }),
  });
  return whole || slices.length > most ? slices : undefined;
}

/** The members of a JSON object. */
export interface Members {
  /** With those that repeat. */
  readonly count: number;
  /** The position of each value, by name: the last one of a member that repeats. */
  readonly slices: ReadonlyMap<string, Slice>;
  /** How often the members stand there that repeat, by JSON Pointer. */
  readonly repeated: ReadonlyMap<string, number>;
}

/**
 * Finds the members of a JSON object.
 *
 * Undefined when the bytes are not one object. With more than `most` members it stops early, after one more.
 */
export async function sliceObject(bytes: Buffer, most: number): Promise<Members | undefined> {
  const slices = new Map<string, Slice>();
  const repeated = new Map<string, number>();
  let count = 0;
  let name = '';
  const whole = await sliceAll(bytes, OPEN_BRACE, CLOSE_BRACE, {
    valueAt(at) {
      if (count > most) return undefined;
      const nameEnd = bytes[at] === QUOTE ? endOfName(bytes, at) : undefined;
      if (nameEnd === undefined) return undefined;
      const colon = skipBlank(bytes, nameEnd + 1);
      const read = nameOf(bytes.toString('utf8', at, nameEnd + 1));
      if (bytes[colon] !== COLON || read === undefined) return undefined;
      name = read;
      return skipBlank(bytes, colon + 1);
    },
    take(start, end) {
      count++;
      const place = `/${pointer(name)}`;
      if (slices.has(name)) repeated.set(place, (repeated.get(place) ?? 1) + 1);
      slices.set(name, { start, end });
    },
  });
  return whole || count > most ? { count, slices, repeated } : undefined;
}

/** A name may be written with escapes. Undefined when it is not JSON. */
function nameOf(json: string): string | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

interface Items {
  /** The start of the value of the item at a position. Undefined when it has no value. */
  valueAt(at: number): number | undefined;
  take(start: number, end: number): void;
}

async function sliceAll(bytes: Buffer, open: number, close: number, items: Items): Promise<boolean> {
  let at = skipBlank(bytes, 0);
  if (bytes[at] !== open) return false;
  at = skipBlank(bytes, at + 1);
  if (bytes[at] === close) return skipBlank(bytes, at + 1) === bytes.length;
  let rested = at;
  for (;;) {
    const start = items.valueAt(at);
    if (start === undefined) return false;
    const scan: Scan = { at: start, depth: 0, inString: false };
    let end = endOfValue(bytes, start, scan, rested + PART_BYTES);
    while (end === undefined) {
      await nextTurn();
      rested = scan.at;
      end = endOfValue(bytes, start, scan, rested + PART_BYTES);
    }
    if (end === start) return false;
    items.take(start, end);
    at = skipBlank(bytes, end);
    if (bytes[at] === close) return skipBlank(bytes, at + 1) === bytes.length;
    if (bytes[at] !== COMMA) return false;
    at = skipBlank(bytes, at + 1);
  }
}

/** The number of bytes scanned before other requests get a turn. */
const PART_BYTES = 256 * 1024;

function skipBlank(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09))
    at++;
  return at;
}

/** The progress of a scan through a value. */
interface Scan {
  at: number;
  depth: number;
  inString: boolean;
}

/**
 * The end of the value that begins at `from`. Brackets inside strings do not count. Undefined: not
 * before `limit`.
 */
function endOfValue(bytes: Buffer, from: number, scan: Scan, limit: number): number | undefined {
  let { at, depth, inString } = scan;
  while (at < bytes.length) {
    if (at >= limit) {
      Object.assign(scan, { at, depth, inString });
      return undefined;
    }
    if (inString) {
      const quote = nextQuote(bytes, at);
      if (quote === -1) break;
      inString = isEscaped(bytes, quote);
      at = quote + 1;
      continue;
    }
    const byte = bytes[at] as number;
    if (byte === QUOTE) inString = true;
    else if (byte === COMMA) {
      if (depth === 0) return trimEnd(bytes, from, at);
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return trimEnd(bytes, from, at);
      depth--;
      if (depth === 0) return at + 1;
    }
    at++;
  }
  return trimEnd(bytes, from, bytes.length);
}

/** Most texts are names and codes. Checking each byte of those is faster than a search call. */
const SHORT_TEXT = 32;

function nextQuote(bytes: Buffer, from: number): number {
  const end = Math.min(from + SHORT_TEXT, bytes.length);
  for (let at = from; at < end; at++) if (bytes[at] === QUOTE) return at;
  return bytes.indexOf(QUOTE, end);
}

/** The closing quote of the name that begins at `from`. Undefined when there is no name. */
function endOfName(bytes: Buffer, from: number): number | undefined {
  for (let at = from + 1; at - from <= PART_BYTES; ) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) return undefined;
    if (!isEscaped(bytes, quote)) return quote;
    at = quote + 1;
  }
  return undefined;
}

function isEscaped(bytes: Buffer, quote: number): boolean {
  let backslashes = 0;
  while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function trimEnd(bytes: Buffer, from: number, end: number): number {
  let at = end;
  while (at > from && (bytes[at - 1] as number) <= 0x20) at--;
  return at;
}
