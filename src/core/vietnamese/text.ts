import { say, type Words } from '#messages/message';
import { isCleanVietnamese } from './fast-path.ts';
import { type Inspection, inspectUnusual } from './legacy-text.ts';

export type { Inspection };

/** The text in Unicode NFC, the form of all text in the hub. */
export function nfc(text: string): string {
  return MAY_NOT_BE_NFC.test(text) ? text.normalize('NFC') : text;
}

/** Texts without these characters are always NFC. normalize() takes longer to find that out. */
const MAY_NOT_BE_NFC = /[\u0300-\u1dff\u1f00-\u200f\u2028-\uffff]/;

/** The search form of a text: small letters without Vietnamese marks, đ as d, and single blanks. */
export function fold(text: string): string {
  if (text.length > BUFFER.length) return foldAny(text);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const folded = code < FOLDED.length ? (FOLDED[code] as number) : OTHER;
    if (folded === OTHER) return foldAny(text);
    if (folded === DROPPED || (folded === BLANK && (length === 0 || BUFFER[length - 1] === BLANK))) continue;
    BUFFER[length++] = folded;
  }
  if (length > 0 && BUFFER[length - 1] === BLANK) length--;
  return String.fromCharCode.apply(null, BUFFER.subarray(0, length) as unknown as number[]);
}

/** The same as fold for all of Unicode. fold has a table for Latin letters, which is four times as fast. */
function foldAny(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f\u00ad\u200b-\u200d\u2060]/g, '')
    .replace(/[đð]/g, 'd') // eth looks like Đ and stands for it in texts that were Windows-1258 once
    .normalize('NFC')
    .trim()
    .replace(/\s+/g, ' ');
}

const BLANK = 0x20;
const DROPPED = 0xfffe;
const OTHER = 0xffff;
const BUFFER = new Uint16Array(512);
const FOLDED = new Uint16Array(0x1f00).map((_, code) => {
  if (code >= 0x370 && code < 0x1e00) return OTHER;
  const letter = String.fromCharCode(code);
  return /\s/.test(letter) ? BLANK : (foldAny(letter).codePointAt(0) ?? DROPPED);
});

/** Why PostgreSQL cannot store the text, or nobody could read it. Undefined if it can be stored. */
export function unstorable(text: string): Words | undefined {
  const found = MAY_BE_UNSTORABLE.test(text) ? UNSTORABLE.exec(text)?.[0] : undefined;
  if (found === undefined) return undefined;
  const name = `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  return found >= '\ud800' ? say('half-of-a-pair', { name }) : say('control-character', { name });
}

/** The text with U+FFFD for each character that cannot be stored. */
export function storable(text: string): string {
  return MAY_BE_UNSTORABLE.test(text) ? text.replace(ALL_UNSTORABLE, '\ufffd') : text;
}

/** The same for every text within a value, at any depth. */
export function storableIn<T>(value: T): T {
  if (typeof value === 'string') return storable(value) as T;
  if (Array.isArray(value)) return value.map(storableIn) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, storableIn(one)])) as T;
}

const UNSTORABLE_CHARACTERS = '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ud800-\\udfff]';
const MAY_BE_UNSTORABLE = new RegExp(UNSTORABLE_CHARACTERS);
/** In Unicode mode complete pairs do not match. It takes more than twice the time. */
const UNSTORABLE = new RegExp(UNSTORABLE_CHARACTERS, 'u');
const ALL_UNSTORABLE = new RegExp(UNSTORABLE_CHARACTERS, 'gu');

/**
 * The text in NFC, converted to Unicode letters if it certainly came in another encoding.
 *
 * `repaired`: the whole text is UTF-8 that was read as Windows-1252 or Latin-1 and turns back exactly, or it is TCVN3
 * or VNI. In the latter case one word is valid only in that encoding, and every other word is valid there too.
 * `doubtful`: it looks like one of these, but not all of it can be decoded. The text stays unchanged for an operator.
 */
export function inspectText(text: string): Inspection {
  if (isCleanVietnamese(text)) return { text, verdict: 'clean' };
  const normal = nfc(text);
  return normal !== text && isCleanVietnamese(normal) ? { text: normal, verdict: 'clean' } : inspectUnusual(normal);
}

/**
 * The similarity of two names, 0 to 1, regardless of marks and case: half by common words, half by common letter pairs.
 */
export function similarity(a: string, b: string): number {
  const left = fold(a);
  const right = fold(b);
  if (left === '' || right === '') return 0;
  if (left === right) return 1;
  return (dice(left.split(' '), right.split(' ')) + dice(letterPairs(left), letterPairs(right))) / 2;
}

function dice(left: readonly string[], right: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const item of left) counts.set(item, (counts.get(item) ?? 0) + 1);
  let common = 0;
  for (const item of right) {
    const count = counts.get(item) ?? 0;
    if (count > 0) common++;
    counts.set(item, count - 1);
  }
  return (2 * common) / (left.length + right.length);
}

function letterPairs(text: string): string[] {
  const padded = ` ${text} `;
  return Array.from({ length: padded.length - 1 }, (_, at) => padded.slice(at, at + 2));
}

/** The text with a capital first letter, as a heading needs it. */
export function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase('vi') + text.slice(1);
}
