import { type Problem, problem } from '#core/problem';
import { fold } from '#core/vietnamese/text';
import type { AskOrder } from './order.ts';

/** Members that the record of an ask holds in clear. */
const RECORDED = ['officer', 'purpose', 'legalBasis'] as const;
/** Shorter values occur in any sentence. */
const SHORTEST = 4;
/** An identity or phone number, such as `001099123456` or `0912.345.678`. */
const LONG_NUMBER = /\d(?:[ .]?\d){8,}/;
/** Such as `01.08.2025`. Two of them side by side have as many digits as a long number. */
const DOTTED_DATE = /(?<![\d.])(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.(?:19|20)\d\d(?!\.?\d)/g;

/** The record of an ask must not name the person. A purpose such as "verify Nguyễn Văn A, 001…" is refused. */
export function quotedIn(order: AskOrder): readonly Problem[] {
  const values = textsIn(order.values).filter((text) => text.length >= SHORTEST);
  return RECORDED.flatMap((member) => {
    const text = fold(order[member]);
    // The number of an officer is no number of the person.
    const hasNumber = member !== 'officer' && LONG_NUMBER.test(text.replace(DOTTED_DATE, 'date'));
    const isQuoted = hasNumber || values.some((value) => text.includes(value));
    return isQuoted ? [problem(`/${member}`, 'names-a-person')] : [];
  });
}

/** All texts in a value at any depth, folded. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [fold(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
