import type { Dossier } from '#schemas/dossier.upsert.v1';
import { maskTail } from '../identifiers/identifiers.ts';

type Applicant = NonNullable<Dossier['applicant']>;

/** An applicant for readers without the scope for personal data: recognisable, but not searchable. */
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
 * The members of an applicant that have the hub's own mask: they contain asterisks, and masking does not change them.
 * Other masks (`Nguyễn V** A*`) do not count.
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
 * The members of a newer applicant, without those that are only the mask of the known ones. Such a value was read from
 * this hub without the scope for personal data.
 */
export function withoutMaskOf(known: Applicant, newer: Applicant): Partial<Applicant> {
  const told = Object.entries(newer);
  if (!told.some(([, value]) => value.includes('*'))) return newer;
  // The mask depends on the known kind: a person whom somebody calls a company was masked as a person.
  const maskOfKnown: Readonly<Record<string, string>> = { ...maskApplicant(known) };
  return Object.fromEntries(told.filter(([name, value]) => !value.includes('*') || maskOfKnown[name] !== value));
}

/**
 * Whether to treat an applicant as a person. Names of companies and state bodies are public. An unknown kind counts as
 * a person.
 */
export function isPerson({ kind }: { readonly kind?: unknown }): boolean {
  return kind === undefined || kind === 'citizen';
}

/** `Nguyễn Văn An` → `N***** V** A*`: the number of words and letters stays, the name does not. */
export function maskName(name: string): string {
  return name
    .split(/\s+/)
    .map((word) => `${firstOf(word)}${'*'.repeat(Math.max(0, lettersIn(word) - 1))}`)
    .join(' ');
}

/**
 * A partner's words for everybody who runs the hub. Masks everything that looks like a name, because a partner may
 * mention people outside the call's dossiers.
 */
export function maskNamesIn(text: string): string {
  return maskNumbersIn(text.replace(NAME, maskName));
}

/** Whether a text has the hub's own mask of a name or a number, as `maskNamesIn` leaves it. Other masks do not count. */
export function hasMask(text: string): boolean {
  return MASK.test(text);
}

const MASK = /(?<![\p{L}\p{N}*])(?:\p{L}\*+\s+\p{L}\*+|\*{4,}[\p{L}\p{N}]{2})(?![\p{L}\p{N}*])/u;

/** The message of an error for logs and operators, as maskNamesIn. An error of JSON.parse quotes the text around the fault. */
export function maskErrorText(message: string): string {
  return maskNamesIn(message.endsWith(NOT_JSON) ? `${message.slice(0, message.indexOf('"'))}…${NOT_JSON}` : message);
}

const NOT_JSON = ' is not valid JSON';

/**
 * Masks everything with the shape of an e-mail address, phone number or identity number, also in groups as people write
 * them: `0912.345.678`, `(+84) 912 345 678`, `001 099 012 345`. Dates, amounts, codes and numbers of documents stay.
 */
export function maskNumbersIn(text: string): string {
  return maskShapes(UNUSUAL.test(text) ? maskUnusual(text) : text);
}

const maskShapes = (text: string): string => text.replace(EMAIL, maskTail).replace(ID_OR_PHONE, maskTail);

/** Reads unusual characters as the usual ones of the same length, so that each mask has its place in the text as it was written. */
function maskUnusual(text: string): string {
  const usual = text.replace(UNUSUAL_ALL, usualOf);
  const apart = usual.replaceAll('_', ' ');
  // Before the words come apart: an address may have underscores.
  const masked = usual.replace(EMAIL, maskTail).replaceAll('_', ' ').replace(ID_OR_PHONE, maskTail);
  if (masked === apart) return text;
  return Array.from({ length: text.length }, (_, at) => (masked[at] === apart[at] ? text[at] : masked[at])).join('');
}

/** Full-width characters of East Asian keyboards, the blanks and dashes of word processors, the underscores of file names. */
const WIDE = String.raw`\uff01-\uff5e`;
const BLANKS = String.raw`\u2000-\u200a\u202f\u205f\u3000`;
const DASHES = String.raw`\u2010-\u2015\u2212`;
const UNUSUAL = new RegExp(`[_${WIDE}${BLANKS}${DASHES}]`);
const UNUSUAL_ALL = new RegExp(UNUSUAL, 'g');

function usualOf(character: string): string {
  if (character === '_') return character;
  if (character >= '\uff01') return String.fromCharCode(character.charCodeAt(0) - 0xfee0);
  return character === '\u3000' || /\s/.test(character) ? ' ' : '-';
}

const anyCase = (words: string): string =>
  words.replace(/\p{L}/gu, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
const NAMES_OF_NUMBERS = anyCase('CCCD|CMTND|CMND|CMT|SĐT|SDT|ĐT|Tel|Zalo');
const UNITS = anyCase('đ|đồng|vnđ|vnd|usd|triệu|tỷ|m2|m²');

/** The mark of a list item, the end of a sentence, or a dash after a word. The words of codes have capitals or digits. */
const MARK = String.raw`(?<![\w.+/-])[.-]|\.\.|(?<![\p{L}\p{N}./_-])\p{L}*\p{Ll}[.-]`;
/**
 * A number begins here: no code, path or longer number goes before it. It may follow its name at once: `CCCD0010…`. So may one
 * that is no amount follow a mark: `-0912…`, `gọi em.0912…`.
 */
const START = String.raw`(?=[\d+])(?:(?<![\w.+/-])|(?<=(?<![\p{L}\p{N}])(?:${NAMES_OF_NUMBERS})[.:/-]?)|(?=[0+])(?<=${MARK}))`;
const END = String.raw`(?!\w|[/-]\w|\.\d)`;
const GAP = String.raw`[ \u00a0.-]`;
const CONTIGUOUS = String.raw`(?:\+|00)?84\d{9,10}|0\d{9,10}|\d{12}|\d{9}`;
/** Never begins with 00, as codes of agencies do. The first group has three digits, otherwise it is 2-4-4 without a year. */
const PHONE = String.raw`(?:\+|00)84(?:\)?${GAP}?\d){9,10}|(?=0\d{2}|0\d${GAP}(?!19|20)\d{4}${GAP})0(?:[3-9](?:\)?${GAP}?\d){8}|[12](?:\)?${GAP}?\d){8,9})`;
/** Twelve digits begin with 0, so no amount does. */
const CITIZEN = String.raw`0\d\d(${GAP})\d{3}\1\d{3}\1\d{3}|0\d{3}(${GAP})\d{4}\2\d{4}|0(?:\d{5}|\d\d${GAP}\d{3})${GAP}\d{6}`;
/** Nine digits may be an amount: with dots, after a further group, in thousands or before a unit. */
const OLD_CITIZEN = String.raw`(?<!\d[ \u00a0])\d{3}([ \u00a0])\d{3}\3(?!000)\d{3}(?![ \u00a0]\d{3}(?!\d))(?![ \u00a0]*(?:${UNITS})(?!\p{L}))`;
const NUMBER = `(?:${CONTIGUOUS}|${PHONE}|${CITIZEN}|${OLD_CITIZEN})`;
/**
 * Two numbers may be joined: `0912345678/0987654321`. Each fits two patterns, so that trying all combinations of forty would take
 * hours. The match of a lookahead is never tried again.
 */
const JOINED = `(?=(?<joined>(?:[/-](?=[0+])(?:${CONTIGUOUS}|${PHONE}))*))\\k<joined>`;
const ID_OR_PHONE = new RegExp(`${START}${NUMBER}${JOINED}${END}`, 'gu');

/** Matches only from the start of a word. Tried at each letter of a word of 200,000, it would take 20 s. */
const EMAIL = /(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+/g;

/** Several words in a row with a capital each. */
const NAME = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{M}\p{N}]*(?:\s+\p{Lu}[\p{L}\p{M}\p{N}]*)+/gu;

function firstOf(word: string): string {
  const code = word.codePointAt(0);
  return code === undefined ? '' : String.fromCodePoint(code);
}

/** Outside the basic plane a letter takes two UTF-16 units. */
function lettersIn(word: string): number {
  let letters = 0;
  for (const _ of word) letters++;
  return letters;
}
