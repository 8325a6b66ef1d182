import { type Problem, problem } from '#core/problem';
import { fold } from '#core/vietnamese/text';
import type { AskOrder } from './order.ts';

/** What the record of an ask holds in clear. */
const RECORDED = ['officer', 'purpose', 'legalBasis'] as const;
/** Shorter values occur in any sentence. */
const SHORTEST = 4;
/** An identity number, a phone number. */
const LONG_NUMBER = /\d(?:[ .]?\d){8,}/;

/** The record of an ask must not name the person. A purpose such as "verify Nguyễn Văn A, 001…" is refused. */
export function quotedIn(order: AskOrder): readonly Problem[] {
  const values = textsIn(order.values).filter((text) => text.length >= SHORTEST);
  return RECORDED.flatMap((member) => {
    const text = fold(order[member]);
    const isQuoted = values.some((value) => text.includes(value)) || (member !== 'officer' && LONG_NUMBER.test(text));
    return isQuoted ? [problem(`/${member}`, 'names-a-person')] : [];
  });
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [fold(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
