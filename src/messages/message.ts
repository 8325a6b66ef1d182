import type { EN } from './en.ts';

/** The stable name of a sentence. */
export type Code = keyof typeof EN;
export const LANGUAGES = ['en', 'vi'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A short text in both languages. */
export type Bilingual = readonly [vietnamese: string, english: string];

/** The value of a placeholder. Words within words are rendered in the same language. */
export type Arg = string | number | boolean | null | Words | readonly (string | number | Words)[];

/** What the hub has to say, as a value: a sentence is made of it in either language. */
export interface Words {
  readonly code: Code;
  readonly args: Readonly<Record<string, Arg>>;
}

/** Words with their English sentence. */
export interface Rendered extends Words {
  readonly message: string;
}

/** The names of the placeholders of a sentence. */
type Holes<S extends string> = S extends `${string}{${infer Hole}}${infer Rest}` ? Hole | Holes<Rest> : never;

/** The arguments of a code: one for each placeholder of its English sentence. */
export type ArgsOf<C extends Code> = { readonly [Hole in Holes<(typeof EN)[C]>]: Arg };
export type Given<C extends Code> = [Holes<(typeof EN)[C]>] extends [never] ? [] : [args: ArgsOf<C>];

/** Words of a code. The compiler asks for exactly its arguments. */
export function say<C extends Code>(code: C, ...[args]: Given<C>): Words {
  return { code, args: args ?? {} };
}

/** Words, or a text of somebody else. */
export type TextOrWords = string | Words;

/** A sentence in English with the words behind it. A sentence of somebody else has no words. */
export interface Sentence {
  readonly message: string;
  readonly words?: Words | undefined;
}

/** The words of a message, if it has any. */
export function textOrWordsOf({ message, words }: Sentence): TextOrWords {
  return words ?? message;
}

/** The words of a text or of words. */
export function wordsOf(text: TextOrWords): Words {
  return typeof text === 'string' ? quotedText(text) : text;
}

/**
 * Words of somebody else, such as an adapter that is not part of this repository: the same text in every language.
 *
 * @param meant what other languages than English show in its place
 */
export function quotedText(text: string, meant?: Words): Words {
  return { code: 'quoted-text', args: meant === undefined ? { said: text } : { said: text, meant } };
}

type SameHoles<V extends Readonly<Record<Code, string>>> = {
  readonly [C in Code]: [Holes<V[C]>, Holes<(typeof EN)[C]>] extends [Holes<(typeof EN)[C]>, Holes<V[C]>]
    ? V[C]
    : `placeholders: ${Holes<(typeof EN)[C]>}`;
};

/** A catalogue in another language: each sentence has the placeholders of the English one. */
export function translation<const V extends Readonly<Record<Code, string>>>(
  sentences: V & SameHoles<V>,
): Readonly<Record<Code, string>> {
  return sentences;
}
