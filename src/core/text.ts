import { type Inspection, inspectUnusual } from './legacy-text.ts';
import { isAlmostSyllable } from './syllables.ts';

export type { Inspection };

/** The text in Unicode NFC, in which all text of the hub is stored. */
export function nfc(text: string): string {
  return MAY_NOT_BE_NFC.test(text) ? text.normalize('NFC') : text;
}

/** All others are NFC whatever stands beside them, which normalize() takes longer to find out. */
const MAY_NOT_BE_NFC = /[\u0300-\u1dff\u1f00-\u200f\u2028-\uffff]/;

/** For search: small letters without Vietnamese marks, đ as d, one blank for any white space, none around it. */
export function fold(text: string): string {
  let folded = text.toLowerCase();
  if (BEYOND_ASCII.test(folded)) folded = BEYOND_LATIN.test(folded) ? plain(folded) : folded.replace(MARKED, plainOf);
  return IS_COLLAPSED.test(folded) ? folded : folded.trim().replace(/\s+/g, ' ');
}

const BEYOND_ASCII = /[\u0080-\uffff]/;
const BEYOND_LATIN = /[\u0370-\u1dff\u1f00-\uffff]/;
const MARKED = /[\u0080-\u1eff]/g;
const IS_COLLAPSED = /^(?:\S+(?: \S+)*)?$/;
const PLAIN_LETTERS = new Map<string, string>();
for (let code = 0x80; code <= 0x1eff; code = code === 0x36f ? 0x1e00 : code + 1)
  PLAIN_LETTERS.set(String.fromCharCode(code), plain(String.fromCharCode(code)));

function plainOf(letter: string): string {
  return PLAIN_LETTERS.get(letter) as string;
}

/** Eth looks like Đ and stands for it in texts that were Windows-1258 once. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]/g, '')
    .replace(/[đð]/g, 'd')
    .normalize('NFC');
}

/** Why PostgreSQL could not keep the text as it is, or nobody could read it; undefined when it can be stored. */
export function unstorable(text: string): string | undefined {
  const found = UNSTORABLE.exec(text)?.[0];
  if (found === undefined) return undefined;
  const name = `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  return found >= '\ud800' ? `it has half of a surrogate pair (${name})` : `it has the control character ${name}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNSTORABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff]/u;

/**
 * The text in NFC, and in Unicode letters where it is certain that it came in another encoding.
 *
 * `repaired`: the whole text is UTF-8 read as Windows-1252 or Latin-1 and turns back exactly, or it is TCVN3 or VNI:
 * some word is none as it stands and a Vietnamese syllable in that encoding, and every other word is one there too.
 * `doubtful`: it looks like one of these and not all of it comes out; the text is left as it is, for a person.
 */
export function inspectText(text: string): Inspection {
  if (!BEYOND_ASCII.test(text)) return { text, verdict: 'clean' };
  const normal = nfc(text);
  return isUsual(normal) ? { text: normal, verdict: 'clean' } : inspectUnusual(normal);
}

/**
 * Letters alone settle it for nearly all texts. What is left are texts in which every letter with a mark is both a
 * Vietnamese letter and one of TCVN3 (`Bé Néi vô` for `Bộ Nội vụ`): there the words have to be looked at.
 */
function isUsual(text: string): boolean {
  if (UNUSUAL.test(text)) return false;
  if (BEYOND_LATIN_1.test(text)) return true;
  return (text.match(WORD) ?? []).every((word) => !BEYOND_ASCII.test(word) || isAlmostSyllable(word));
}

/** Not a Vietnamese letter; or a capital after a small letter; or two vowels that Vietnamese does not join so. */
const UNUSUAL = new RegExp(
  [
    '[\\u0080-\\u009f\\u00a1-\\u00bfÄÅÆÇËÎÏÐÑÖ×ØÛÜÞßäåæçëîïðñö÷øûüþÿŒœŠšŽžŸƒˆ˜€‚„†‡‰‹›™\\ufffd]',
    '[a-z][À-Ý]',
    '[aeAE][àáâãèéêìíòóôõùúýÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝ]',
    '[oO][âùõÂÙÕ]|[uU][ùõÙÕ]|[yYôÔ][ùõÙÕ]',
    '[âÃÂ][\\u00a0“”‘’•–—…]',
  ].join('|'),
);
const BEYOND_LATIN_1 = /[\u0102-\u01b0\u1ea0-\u1ef9]/;
const WORD = /[A-Za-zÀ-ÿ]+/g;

/** How alike two names are, 0 to 1, whatever their marks and case: half by common words, half by common letter pairs. */
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
