import { type Problem, problem } from '#core/problem';

/** Words of a complaint or a denunciation: they have a procedure of their own (Luật Khiếu nại, Luật Tố cáo). */
const MARKED = /khiếu\s*(?:nại|kiện|tố)|tố\s*(?:cáo|giác)/;
/** The same without marks. `khieu` stands for no other word of such a pair. */
const UNMARKED = /\bkhieu\s+(?:nai|kien|to)\b/;
/** In a text with marks these are other words: `to cao` is large and tall. */
const UNMARKED_THROUGHOUT = /\bto\s+(?:cao|giac)\b/;
const MARKED_LETTER = /[^\P{L}a-z]/u;
/** Between letters or for a blank, in texts from pages and word processors: nobody sees them. */
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;

/** Why a text waits for a person: it reads as a complaint or a denunciation. */
export function complaintIn(content: string): Problem | undefined {
  const text = content.replace(INVISIBLE, '').normalize('NFC').toLowerCase();
  const isComplaint =
    MARKED.test(text) || UNMARKED.test(text) || (UNMARKED_THROUGHOUT.test(text) && !MARKED_LETTER.test(text));
  if (!isComplaint) return undefined;
  return problem('/content', 'complaint-or-denunciation');
}
