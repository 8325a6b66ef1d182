import type { Dossier } from '#schemas/dossier.upsert.v1';
import { maskTail } from './identifiers.ts';

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

/**
 * A text without what it tells of the applicant: officers write names and numbers into abstracts and notes. Letter case
 * does not matter, nor how the figures of a number are grouped, or whether a phone number has its country; a name of one
 * word is left, as it may be any word.
 */
export function maskMentions(text: string, applicant: Applicant): string {
  const whole = secretsOf(applicant).reduce((rest, { value, mask }) => replaceMention(rest, value, mask(value)), text);
  return numbersOf(applicant)
    .filter((number) => hasFigures(whole, number.figures))
    .reduce((rest, number) => rest.replace(anySpelling(number), maskTail), whole);
}

/** Tells of a text whether maskMentions may change it; cheaper, as nearly all are left as they are. */
export function mentionOf(applicant: Applicant): (text: string) => boolean {
  const values = secretsOf(applicant)
    .map(({ value }) => value)
    .filter(isSought);
  const inLower = values.map((value) => value.toLowerCase());
  return (text) => {
    const lower = text.toLowerCase();
    if (inLower.some((value) => lower.includes(value)) || values.some((value) => text.includes(value))) return true;
    return MANY_FIGURES.test(text) && numbersOf(applicant).some(({ figures }) => hasFigures(text, figures));
  };
}

/** A number by its figures; of a phone number those after its 0 or its country. */
interface Numbered {
  readonly figures: string;
  readonly isPhone: boolean;
}

function numbersOf({ identityNumber, phone }: Applicant): readonly Numbered[] {
  const numbers: Numbered[] = [];
  if (identityNumber !== undefined) numbers.push({ figures: figuresOf(identityNumber), isPhone: false });
  if (phone !== undefined) numbers.push({ figures: figuresOf(phone).replace(/^(?:84|0)/, ''), isPhone: true });
  // Fewer figures may be a part of anything.
  return numbers.filter(({ figures }) => figures.length >= 8);
}

function figuresOf(text: string): string {
  return text.replace(/[^0-9]/g, '');
}

/** Whether they may stand in a text, however they are grouped there. */
function hasFigures(text: string, figures: string): boolean {
  return text.replace(GROUPING, '').includes(figures);
}

const GROUPED = ' .\\-()\\u00a0';
const GROUPING = new RegExp(`[${GROUPED}]+`, 'g');
/** As many as a number has; most texts have fewer. */
const MANY_FIGURES = new RegExp(`[0-9](?:[${GROUPED}]{0,3}[0-9]){7}`);

function anySpelling({ figures, isPhone }: Numbered): RegExp {
  const between = `[${GROUPED}]{0,3}`;
  return new RegExp(`${isPhone ? `(?:(?:\\+?84|0)${between})?` : ''}${[...figures].join(between)}`, 'g');
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
function isPerson({ kind }: { readonly kind?: unknown }): boolean {
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
