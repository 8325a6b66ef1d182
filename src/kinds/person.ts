import { type Problem, problem } from '#core/problem';
import type { Person } from '#schemas/people';

/** The condition for an answer: a name, and one way to reach the person (Quyết định 246/QĐ-UBND). */
export function incompletePerson(person: Person | undefined, member: string): readonly Problem[] {
  const { name, address, phone, email } = person ?? {};
  const isComplete = name !== undefined && (address ?? phone ?? email) !== undefined;
  return isComplete ? [] : [problem(`/${member}`, 'incomplete-person')];
}
