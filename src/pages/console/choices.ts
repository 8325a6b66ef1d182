import type { Say } from '../language.ts';
import type { Choice } from './forms.ts';
import type { WordTable } from './words.ts';

/** The choices of a list. The first one is empty. @param first its text: what the list shows without a choice */
export function choicesOf(say: Say, words: WordTable, first = say('tất cả', 'all')): readonly Choice[] {
  const named = Object.entries(words).map(([value, [vietnamese, english]]) => ({
    value,
    text: say(vietnamese, english),
  }));
  return [{ value: '', text: first }, ...named];
}
