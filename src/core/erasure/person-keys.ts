import { PHONE_DIGITS, significantDigits } from '../identifiers/identifiers.ts';
import { foldedOf } from '../masking/decoded-text.ts';
import type { Person } from '../masking/mentions.ts';

/**
 * Texts that identify a person: the identity number alone, a phone number or an e-mail address with the name. Two records
 * with a common one are of one person. A phone number alone may be that of a whole family.
 */
export function personKeys({ name, identityNumber, phone, email }: Person): readonly string[] {
  const who = name === undefined ? '' : foldedOf(name);
  const keys = identityNumber === undefined ? [] : [`identity ${foldedOf(identityNumber)}`];
  if (who === '') return keys;
  const digits = phoneDigits(phone);
  if (digits !== undefined) keys.push(`phone ${digits} ${who}`);
  if (email !== undefined) keys.push(`email ${email.toLowerCase()} ${who}`);
  return keys;
}

/** The keys of a record's person, and those by which an operator may look for them: a phone number or an e-mail address alone. */
export function soughtKeys(person: Person): readonly string[] {
  const digits = phoneDigits(person.phone);
  const alone = digits === undefined ? [] : [`phone ${digits}`];
  if (person.email !== undefined) alone.push(`email ${person.email.toLowerCase()}`);
  return [...personKeys(person), ...alone];
}

/** The keys to look for a person as an operator names them: those that identify, otherwise those of a number alone. */
export function askedKeys(person: Person): readonly string[] {
  const keys = personKeys(person);
  return keys.length > 0 || person.name !== undefined ? keys : soughtKeys(person);
}

function phoneDigits(phone = ''): string | undefined {
  const digits = significantDigits(phone);
  return digits.length === PHONE_DIGITS ? digits : undefined;
}
