import type { Dossier } from '#schemas/dossier.upsert.v1';
import { maskTail } from '../identifiers/identifiers.ts';

type Applicant = NonNullable<Dossier['applicant']>;

/** An applicant as readers without the scope for personal data see it: to be recognised, not found. */
export function maskApplicant(applicant: Applicant): Applicant {
  const masked: Applicant = { ...applicant, name: isPerson(applicant) ? maskName(applicant.name) : applicant.name };
  for (const member of MASKED) {
    const value = applicant[member];
    if (value !== undefined) masked[member] = maskTail(value);
  }
  return masked;
}

const MASKED = ['identityNumber', 'phone', 'email', 'address', 'techId'] as const;

/**
 * The members of an applicant, as anybody may have written one, that are as maskApplicant leaves them: masking changes
 * them no more, and they have asterisks. What others mask otherwise (`Nguyễn V** A*`) is none.
 */
export function maskedMembers(applicant: Readonly<Record<string, unknown>>): readonly string[] {
  const isMasked = (member: string, mask: (text: string) => string): boolean => {
    const value = applicant[member];
    return typeof value === 'string' && value.includes('*') && mask(value) === value;
  };
  const members: string[] = MASKED.filter((member) => isMasked(member, maskTail));
  return isPerson(applicant) && isMasked('name', maskName) ? ['name', ...members] : members;
}

/**
 * What a newer record tells of an applicant who is known: a value that is no more than the mask of the known one was read
 * from this hub without the scope for personal data, and tells nothing.
 */
export function withoutMaskOf(known: Applicant, newer: Applicant): Partial<Applicant> {
  const told = Object.entries(newer);
  if (!told.some(([, value]) => value.includes('*'))) return newer;
  // By what the known one is: a person whom somebody calls a company has been masked all the same.
  const maskOfKnown: Readonly<Record<string, string>> = { ...maskApplicant(known) };
  return Object.fromEntries(told.filter(([name, value]) => !value.includes('*') || maskOfKnown[name] !== value));
}

/** The name of a company or a state body is public; where the kind is not known it is treated as a person's. */
export function isPerson({ kind }: { readonly kind?: unknown }): boolean {
  return kind === undefined || kind === 'citizen';
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
  return maskNumbersIn(text.replace(NAME, maskName));
}

/** A text without what has the shape of an e-mail address, a telephone number or an identity number. */
export function maskNumbersIn(text: string): string {
  return text.replace(EMAIL, maskTail).replace(ID_OR_PHONE, maskTail);
}

const ID_OR_PHONE = /(?<![\w.+/-])(?:\+?84\d{9,10}|0\d{9,10}|\d{12}|\d{9})(?![\w/-]|\.\d)/g;
/** Looked for where a word begins: from each letter of one of 200,000 it would take 20 seconds. */
const EMAIL = /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;

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
