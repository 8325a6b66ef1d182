import { foldedOf } from '../masking/decoded-text.ts';
import type { Person } from '../masking/mentions.ts';

/** The significant digits of a phone number, without the country code. */
const PHONE_DIGITS = 9;

/**
 * Texts that identify a person: the identity number alone, a phone number or an e-mail address with the name. Two records
 * with a common one are of one person. A phone number alone may be that of a whole family.
 */
export function personKeys({ name, identityNumber, phone, email }: Person): readonly string[] {
  const who = name === undefined ? '' : foldedOf(name);
  const keys = identityNumber === undefined ? [] : [`identity ${foldedOf(identityNumber)}`];
  if (who === '') return keys;
  const digits = (phone ?? '').replace(/\D/g, '').slice(-PHONE_DIGITS);
  if (digits.length === PHONE_DIGITS) keys.push(`phone ${digits} ${who}`);
  if (email !== undefined) keys.push(`email ${email.toLowerCase()} ${who}`);
  return keys;
}
