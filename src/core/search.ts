import { fold } from './text.ts';

/**
 * The words under which a dossier or a service is found: of names each folded word, of codes the whole and each tail
 * that begins at a mark, so that `250812-0035` finds `H60.01-250812-0035`. Joined by blanks, without repetition.
 */
export function searchWords(codes: readonly string[], names: readonly (string | undefined)[]): string {
  const words = new Set<string>();
  for (const name of names) if (name) for (const word of wordsOf(name)) words.add(word);
  for (const code of codes) for (const tail of tailsOf(code.toLowerCase())) words.add(tail);
  return [...words].join(' ');
}

/**
 * A typed text as a PostgreSQL tsquery: every word must begin a word of the dossier, with or without marks.
 * Undefined when nothing can be searched for.
 */
export function searchQuery(typed: string): string | undefined {
  const terms = fold(typed.slice(0, 200))
    .split(/[ \p{Cc}]+/u)
    .map(termOf)
    .filter((term) => term !== '');
  return terms.length > 0 ? terms.join(' & ') : undefined;
}

function termOf(typed: string): string {
  const words = wordsOf(typed).map(prefix).join(' & ');
  if (!/[.\-/]/.test(typed) || words === '') return words;
  return `(${prefix(typed)} | (${words}))`;
}

function prefix(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}':*`;
}

function wordsOf(text: string): string[] {
  return fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

function tailsOf(code: string): string[] {
  const tails = [code];
  for (let at = 0; at < code.length; at++) if (/[.\-/]/.test(code[at] as string)) tails.push(code.slice(at + 1));
  return tails.filter((tail) => tail !== '');
}
