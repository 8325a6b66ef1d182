import { looksLikeName } from './kept-problem.ts';
import { maskName, maskNumbersIn } from './masking.ts';

/** How many words a name may have here. Two words in a row with a capital each may be anything. */
const COUNTS = [4, 3];
const WORD = /[\p{L}\p{M}]+/gu;
const ENDING = /\.[a-z0-9]{1,5}$/i;

/**
 * The name of a file for readers without the scope for personal data. Masks the name of a person, `Đơn_Trần_Thị_Bình.xlsx`,
 * and numbers. Other words stay, because operators recognise the file by them.
 */
export function maskFileName(name: string): string {
  const [ending = ''] = ENDING.exec(name) ?? [];
  const stem = name.slice(0, name.length - ending.length).normalize('NFC');
  const words = [...stem.matchAll(WORD)];
  let shown = '';
  let from = 0;
  for (let at = 0; at < words.length; ) {
    const texts = words.slice(at).map(([word]) => word);
    const count = COUNTS.find((one) => texts.length >= one && looksLikeName(texts.slice(0, one).join(' '))) ?? 0;
    for (const { 0: word, index } of words.slice(at, at + count)) {
      shown += stem.slice(from, index) + maskName(word);
      from = index + word.length;
    }
    at += Math.max(count, 1);
  }
  return maskNumbersIn(shown + stem.slice(from)) + ending;
}
