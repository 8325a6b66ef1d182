import { type Problem, problem } from '#core/problem';

/** Words of a complaint or a denunciation: they have a procedure of their own (Luật Khiếu nại, Luật Tố cáo). */
const MARKED = /khiếu\s+(?:nại|kiện|tố)|tố\s+(?:cáo|giác)/;
/** The same in a text that is written without Vietnamese marks. */
const UNMARKED = /\b(?:khieu\s+(?:nai|kien|to)|to\s+(?:cao|giac))\b/;

/** Why a text waits for a person: it reads as a complaint or a denunciation. */
export function complaintIn(content: string): Problem | undefined {
  const text = content.normalize('NFC').toLowerCase();
  const hasMarks = /[\u0080-\uffff]/.test(text);
  const isComplaint = MARKED.test(text) || (!hasMarks && UNMARKED.test(text));
  if (!isComplaint) return undefined;
  return problem('/content', 'complaint-or-denunciation');
}
