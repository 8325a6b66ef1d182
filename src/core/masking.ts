import type { Dossier } from '#schemas/dossier.upsert.v1';
import { maskTail } from './identifiers.ts';

type Applicant = NonNullable<Dossier['applicant']>;

/** An applicant as readers without the scope for personal data see it: to be recognised, not found. */
export function maskApplicant(applicant: Applicant): Applicant {
  const masked: Applicant = { ...applicant, name: isPerson(applicant) ? maskName(applicant.name) : applicant.name };
  for (const member of ['identityNumber', 'phone', 'email', 'address', 'techId'] as const) {
    const value = applicant[member];
    if (value !== undefined) masked[member] = maskTail(value);
  }
  return masked;
}

/**
 * A text without what it tells of the applicant: officers write names and numbers into abstracts and notes. Letter case
 * does not matter; a name of one word is left, as it may be any word.
 */
export function maskMentions(text: string, applicant: Applicant): string {
  return secretsOf(applicant).reduce((rest, { value, mask }) => replaceMention(rest, value, mask(value)), text);
}

/** Whether maskMentions would change the text; cheaper, as nearly all are left as they are. */
export function mentionsApplicant(text: string, applicant: Applicant): boolean {
  const lower = text.toLowerCase();
  return secretsOf(applicant).some(
    ({ value }) => isSought(value) && (lower.includes(value.toLowerCase()) || text.includes(value)),
  );
}

function secretsOf(
  applicant: Applicant,
): readonly { readonly value: string; readonly mask: (value: string) => string }[] {
  const { name, identityNumber, phone, email } = applicant;
  const numbers = [identityNumber, phone, email].filter((value) => value !== undefined);
  const secrets = numbers.map((value) => ({ value, mask: maskTail }));
  return isPerson(applicant) && name.includes(' ') ? [...secrets, { value: name, mask: maskName }] : secrets;
}

/** What is shorter may be a part of anything. */
function isSought(value: string): boolean {
  return value.length >= 4;
}

function replaceMention(text: string, value: string, masked: string): string {
  if (!isSought(value) || value.length > text.length) return text;
  const lower = text.toLowerCase();
  const sought = value.toLowerCase();
  let at = lower.indexOf(sought);
  // Where lower case changes the length, places in it say nothing of places in the text.
  if (at === -1 || lower.length !== text.length) return text.replaceAll(value, () => masked);
  let out = '';
  let from = 0;
  for (; at !== -1; at = lower.indexOf(sought, from)) {
    out += text.slice(from, at) + masked;
    from = at + value.length;
  }
  return out + text.slice(from);
}

/** The name of a company or a state body is public; where the kind is not known it is treated as a person's. */
function isPerson(applicant: Applicant): boolean {
  return applicant.kind === undefined || applicant.kind === 'citizen';
}

/** `Nguyễn Văn An` → `N***** V** A*`: as many words and letters as there are, no name. */
export function maskName(name: string): string {
  return name
    .split(/\s+/)
    .map((word) => `${firstOf(word)}${'*'.repeat(Math.max(0, lettersIn(word) - 1))}`)
    .join(' ');
}

/**
 * A partner's words for places that anybody may read who runs the hub: what looks like a name is masked, since a partner
 * may speak of people whom no dossier on the line has told us of.
 */
export function maskNamesIn(text: string): string {
  return text.replace(NAME, maskName);
}

/** Words in a row that begin with a capital. */
const NAME = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{M}\p{N}]*(?:\s+\p{Lu}[\p{L}\p{M}\p{N}]*)+/gu;

function firstOf(word: string): string {
  const code = word.codePointAt(0);
  return code === undefined ? '' : String.fromCodePoint(code);
}

/** Outside of the basic plane a letter takes two places. */
function lettersIn(word: string): number {
  let letters = 0;
  for (const _ of word) letters++;
  return letters;
}
