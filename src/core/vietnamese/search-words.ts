import type { Dossier } from '#schemas/dossier.upsert.v1';
import { plainSyllables } from './syllables.ts';
import { fold } from './text.ts';

/**
 * The words under which a dossier or a service is found: each folded word of names, each folded code, and each tail of
 * a code after a separator. So `250812-0035` finds `H60.01-250812-0035`. Joined by blanks, without repetition.
 */
export function searchWords(codes: readonly string[], names: readonly (string | undefined)[]): string {
  const words = new Set<string>();
  for (const name of names) if (name) for (const word of wordsOf(name)) words.add(word);
  for (const code of codes) for (const tail of tailsOf(fold(code))) words.add(tail);
  return [...words].join(' ');
}

/**
 * A search text as a PostgreSQL tsquery. All its words must match, with or without marks. The last word, and words with
 * a digit, match as prefixes. A text without words gives the empty query, which finds nothing.
 *
 * With every word as a prefix, a common word would read half of the index: 33 ms instead of 5 at 100,000 dossiers.
 */
export function searchQuery(typed: string): string {
  return termsIn(typed)
    .map(({ word, isCut, parts }) => {
      const whole = isCut ? `${quoted(word)}:*` : quoted(word);
      return parts.length > 1 ? `(${whole} | (${parts.map(quoted).join(' & ')}))` : whole;
    })
    .join(' & ');
}

/**
 * The search words of a dossier in their stored form: codes in clear (see storedTail), and a keyed token for each word
 * of the name. A word that is no Vietnamese syllable also has tokens of its prefixes.
 *
 * Prefixes of syllables have none: the search tries all syllables instead. Tokens per prefix would reveal names,
 * because first letters have known frequencies.
 */
export function dossierWords(code: string, record: Dossier, tokenOf: (word: string) => string): string {
  const words = new Set<string>();
  addTokens(words, record.applicant?.name, tokenOf);
  addCodes(words, [code, ...(record.aliases ?? []).map((alias) => alias.code)]);
  return [...words].join(' ');
}

/**
 * The words of a record of another kind: codes in clear, keyed tokens of names, and keyed tokens of texts that are found
 * apart from names. Of each text the first 4,000 characters count.
 */
export function recordWords(
  { codes, names = [], texts = [] }: SearchedTexts,
  tokenOf: (word: string) => string,
): string {
  const words = new Set<string>();
  for (const name of names) addTokens(words, name, tokenOf);
  for (const text of texts) addTokens(words, text?.slice(0, MOST_OF_TEXT), (word) => tokenOf(ofText(word)));
  addCodes(words, codes);
  return [...words].join(' ');
}

/** Words by which a record is found. Names of people are found only by readers with a key. */
export interface SearchedTexts {
  readonly codes: readonly (string | undefined)[];
  readonly names?: readonly (string | undefined)[];
  readonly texts?: readonly (string | undefined)[];
}

const MOST_OF_TEXT = 4_000;

/** No word has the mark: a search of texts alone finds no name. */
export function ofText(word: string): string {
  return `#${word}`;
}

function addCodes(words: Set<string>, codes: readonly (string | undefined)[]): void {
  for (const code of codes) if (code) for (const tail of tailsOf(fold(code))) words.add(storedTail(tail));
}

/**
 * The stored form of a code or its tail: of more than two segments all but the last, as in `h60.01-250812-`. An index of
 * words costs an insert for each word that no other dossier has, and these forms are common to an agency and a day. The
 * tail of the last two segments tells the dossiers of a day apart. The stored form of a stored form is itself.
 */
export function storedTail(tail: string): string {
  const marks = marksIn(tail);
  return marks.length < 2 ? tail : tail.slice(0, (marks.at(-1) as number) + 1);
}

/** A typed beginning of a code or tail as a tsquery for stored forms, and for whole tails in rows of older versions. */
function codeQuery(typed: string): string {
  const within = `${quoted(typed)}:*`;
  const [last, before] = marksIn(typed).toReversed();
  if (last === undefined || before === undefined) return within;
  // The typed text may reach into the last segment, which the stored form leaves out.
  return `${within} | (${quoted(typed.slice(0, last + 1))} & ${quoted(typed.slice(before + 1))}:*)`;
}

/** Adds the tokens of a text's words, and of the beginnings of those that are no Vietnamese syllables. */
function addTokens(words: Set<string>, text: string | undefined, tokenOf: (word: string) => string): void {
  if (text === undefined) return;
  const syllables = plainSyllables();
  for (const word of wordsOf(text)) {
    words.add(tokenOf(word));
    if (!syllables.has(word)) for (const beginning of beginningsOf(word)) words.add(tokenOf(beginning));
  }
}

/**
 * Like `searchQuery`, for words of `dossierWords`. Each word is also searched in clear, for codes and for names in rows
 * from before migration 019.
 *
 * @param tokensOf the tokens of a word under every key
 */
export function keyedSearchQuery(typed: string, tokensOf: (word: string) => readonly string[]): string {
  return keyedSearchQueries(typed, tokensOf).join(' & ');
}

/** The same as a query for each word. All of them must match. */
export function keyedSearchQueries(typed: string, tokensOf: (word: string) => readonly string[]): readonly string[] {
  return termsIn(typed)
    .map(({ word, isCut, parts }) => {
      const inClear = isCut ? codeQuery(word) : quoted(word);
      const anyToken = (words: readonly string[]): readonly string[] => words.flatMap(tokensOf).map(quoted);
      const sought = hasMarkedDigit(word) ? [] : anyToken(isCut ? [...wordsFrom(word)] : [word]);
      const ofName = parts.map((part) => `(${anyToken([part]).join(' | ')})`).join(' & ');
      return [inClear, ...sought, ...(parts.length > 1 ? [`(${ofName})`] : [])].join(' | ');
    })
    .map((alternatives) => `(${alternatives})`);
}

/** All words of names that a prefix can stand for. */
function wordsFrom(beginning: string): ReadonlySet<string> {
  const syllables = [...plainSyllables()].filter((syllable) => syllable.startsWith(beginning));
  return new Set([beginning, ...syllables, ...beginningsOf(`${beginning}_`).slice(-1)]);
}

/** The prefixes of a word that have a token. A longer prefix is searched by the longest of them. */
function beginningsOf(word: string): readonly string[] {
  const lengths = Math.min(word.length - 1, LONGEST_BEGINNING) - SHORTEST_BEGINNING + 1;
  // The asterisk is in no word, so the prefix `ab` differs from the word `ab`.
  return Array.from({ length: Math.max(lengths, 0) }, (_, at) => `${word.slice(0, SHORTEST_BEGINNING + at)}*`);
}

const SHORTEST_BEGINNING = 2;
const LONGEST_BEGINNING = 8;

/** The same without a database: whether a search text matches words of `searchWords`. */
export function matchesSearch(words: string, typed: string): boolean {
  const terms = termsIn(typed);
  const all = ` ${words} `;
  const has = (word: string): boolean => all.includes(` ${word} `);
  return (
    terms.length > 0 &&
    terms.every(
      ({ word, isCut, parts }) =>
        has(word) || (isCut && all.includes(` ${word}`)) || (parts.length > 1 && parts.every(has)),
    )
  );
}

interface Term {
  readonly word: string;
  /** It is a prefix. */
  readonly isCut: boolean;
  /** The words of a term such as `19/5`: a part of a code, or of a name. A name has each of them as a word. */
  readonly parts: readonly string[];
}

function termsIn(typed: string): readonly Term[] {
  const words = fold(typed.slice(0, 200))
    .split(/[ \p{Cc}]+/u)
    .flatMap(termsOf);
  return words.map((word, at) => ({
    word,
    isCut: at === words.length - 1 || /\d/.test(word),
    parts: hasMarkedDigit(word) ? wordsOf(word) : [],
  }));
}

/** A part of a code stays whole, because its numbers alone would match every code. */
function termsOf(typed: string): readonly string[] {
  return hasMarkedDigit(typed) ? [typed] : wordsOf(typed);
}

function hasMarkedDigit(typed: string): boolean {
  return /\d/.test(typed) && MARK.test(typed);
}

/** A word as a tsquery writes it. */
export function quoted(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function wordsOf(text: string): string[] {
  return fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Separators within codes, including those of other systems. */
const MARKS = '.-/_#:';
const MARK = /[.\-/_#:]/;

function tailsOf(code: string): string[] {
  const tails = code === '' ? [] : [code];
  for (const at of marksIn(code)) if (at < code.length - 1) tails.push(code.slice(at + 1));
  return tails;
}

function marksIn(code: string): readonly number[] {
  const marks: number[] = [];
  for (let at = 0; at < code.length; at++) if (MARKS.includes(code[at] as string)) marks.push(at);
  return marks;
}
