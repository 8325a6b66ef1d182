import type { Say } from '../language.ts';
import type { Choice } from './forms.ts';
import type { Words } from './words.ts';

/** The words of a list to choose from, the first of which is none of them. */
export function choicesOf(say: Say, words: Words): readonly Choice[] {
  const named = Object.entries(words).map(([value, [vietnamese, english]]) => ({
    value,
    text: say(vietnamese, english),
  }));
  return [{ value: '', text: say('tất cả', 'all') }, ...named];
}
