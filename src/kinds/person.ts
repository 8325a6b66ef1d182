import { significantDigits } from '#core/identifiers/identifiers';
import { foldedOf } from '#core/masking/decoded-text';
import { type Problem, problem } from '#core/problem';
import type { Person } from '#schemas/people';

/** The condition for an answer: a name, and one way to reach the person (Quyết định 246/QĐ-UBND). */
export function incompletePerson(person: Person | undefined, member: string): readonly Problem[] {
  const { name, address, phone, email } = person ?? {};
  const isComplete = name !== undefined && (address ?? phone ?? email) !== undefined;
  return isComplete ? [] : [problem(`/${member}`, 'incomplete-person')];
}

/**
 * By what a limit recognises a person: the phone number and the e-mail address, each alone, otherwise the name and address.
 * Empty for nobody, as in questions that a system relays without their askers.
 */
export function recognisedBy({ name = '', address = '', phone, email }: Person = {}): readonly string[] {
  const digits = significantDigits(phone ?? '');
  const keys = digits === '' ? [] : [`phone ${digits}`];
  if (email !== undefined) keys.push(`email ${email.toLowerCase()}`);
  if (keys.length === 0 && name !== '') keys.push(`name ${foldedOf(name)} at ${foldedOf(address)}`);
  return keys;
}
