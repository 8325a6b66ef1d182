import type { Dossier } from '#schemas/dossier.upsert.v1';
import { plainSyllables } from './syllables.ts';
import { fold } from './text.ts';

/**
 * The words under which a dossier or a service is found: of names each folded word, of codes, folded too, the whole and
 * each tail that begins at a mark, so that `250812-0035` finds `H60.01-250812-0035`. Joined by blanks, without repetition.
 */
export function searchWords(codes: readonly string[], names: readonly (string | undefined)[]): string {
  const words = new Set<string>();
  for (const name of names) if (name) for (const word of wordsOf(name)) words.add(word);
  for (const code of codes) for (const tail of tailsOf(fold(code))) words.add(tail);
  return [...words].join(' ');
}

/**
 * A typed text as a PostgreSQL tsquery: its words must be words of the dossier, with or without marks, and the last one
 * and whatever has a digit may be cut short. Of a text without words it is the empty query, which finds nothing.
 *
 * (Every word as a beginning would read half of the index for a common one: 33 ms against 5 at 100,000 dossiers.)
 */
export function searchQuery(typed: string): string {
  return termsIn(typed)
    .map(({ word, isCut }) => (isCut ? `${quoted(word)}:*` : quoted(word)))
    .join(' & ');
}

/**
 * The words of a dossier, as a table may hold them: codes in clear, and a keyed token for each word of the name. A word that
 * is no Vietnamese syllable also has tokens of its beginnings.
 *
 * Beginnings of syllables have none: the search tries all syllables instead. A token per beginning would give names away,
 * since the tokens of first letters are as frequent as the letters are.
 */
export function dossierWords(code: string, record: Dossier, tokenOf: (word: string) => string): string {
  const words = new Set<string>();
  const syllables = plainSyllables();
  for (const word of wordsOf(record.applicant?.name ?? '')) {
    words.add(tokenOf(word));
    if (!syllables.has(word)) for (const beginning of beginningsOf(word)) words.add(tokenOf(beginning));
  }
  const codes = [code, ...(record.aliases ?? []).map((alias) => alias.code)];
  for (const one of codes) for (const tail of tailsOf(fold(one))) words.add(tail);
  return [...words].join(' ');
}

/**
 * What `searchQuery` says, for words of `dossierWords`. Each word is also sought in clear: as codes are, and as names are in rows
 * from before migration 019.
 *
 * @param tokensOf the tokens of a word under every key
 */
export function keyedSearchQuery(typed: string, tokensOf: (word: string) => readonly string[]): string {
  return termsIn(typed)
    .map(({ word, isCut }) => {
      const inClear = isCut ? `${quoted(word)}:*` : quoted(word);
      const sought = hasMarkedDigit(word) ? [] : isCut ? [...wordsFrom(word)] : [word];
      return [inClear, ...sought.flatMap(tokensOf).map(quoted)].join(' | ');
    })
    .map((alternatives) => `(${alternatives})`)
    .join(' & ');
}

/** All that a name may have in the place of a word that is cut short. */
function wordsFrom(beginning: string): ReadonlySet<string> {
  const syllables = [...plainSyllables()].filter((syllable) => syllable.startsWith(beginning));
  return new Set([beginning, ...syllables, ...beginningsOf(`${beginning}_`).slice(-1)]);
}

/** The beginnings of a word that have a token; a longer one is sought by the longest of them. */
function beginningsOf(word: string): readonly string[] {
  const lengths = Math.min(word.length - 1, LONGEST_BEGINNING) - SHORTEST_BEGINNING + 1;
  // The mark is in no word: the beginning `ab` is not the word `ab`.
  return Array.from({ length: Math.max(lengths, 0) }, (_, at) => `${word.slice(0, SHORTEST_BEGINNING + at)}*`);
}

const SHORTEST_BEGINNING = 2;
const LONGEST_BEGINNING = 8;

/** The same for words that no database holds: whether what was typed finds what is found under them (`searchWords`). */
export function matchesSearch(words: string, typed: string): boolean {
  const terms = termsIn(typed);
  const all = ` ${words} `;
  return terms.length > 0 && terms.every(({ word, isCut }) => all.includes(isCut ? ` ${word}` : ` ${word} `));
}

interface Term {
  readonly word: string;
  /** It is the beginning of a word. */
  readonly isCut: boolean;
}

function termsIn(typed: string): readonly Term[] {
  const words = fold(typed.slice(0, 200))
    .split(/[ \p{Cc}]+/u)
    .flatMap(termsOf);
  return words.map((word, at) => ({ word, isCut: at === words.length - 1 || /\d/.test(word) }));
}

/** A piece of a code as it is: its numbers alone would match every code. */
function termsOf(typed: string): readonly string[] {
  return hasMarkedDigit(typed) ? [typed] : wordsOf(typed);
}

function hasMarkedDigit(typed: string): boolean {
  return /\d/.test(typed) && MARK.test(typed);
}

function quoted(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function wordsOf(text: string): string[] {
  return fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** What parts the pieces of codes, those of other systems too. */
const MARKS = '.-/_#:';
const MARK = /[.\-/_#:]/;

function tailsOf(code: string): string[] {
  const tails = code === '' ? [] : [code];
  for (let at = 0; at < code.length - 1; at++) if (MARKS.includes(code[at] as string)) tails.push(code.slice(at + 1));
  return tails;
}
