import type { Question } from '#schemas/question.v1';

/** When a question or petition was done: by its first answer, otherwise by its final state. Undefined while it is open. */
export function endOf({ state, stateAt, answers = [] }: Pick<Question, 'state' | 'stateAt' | 'answers'>) {
  if (state === 'refused' || state === 'withdrawn') return stateAt;
  if (state !== 'answered' && state !== 'published') return undefined;
  return answers.map(({ at }) => at).sort()[0] ?? stateAt;
}
