import { CCCD, CMND, DOSSIER_CODE, PHONE, TAX_CODE } from '#schemas/parts';
import { isRealDate } from '../dates/dates.ts';

/**
 * A code in its stored form: NFC, upper-case, without surrounding blanks and invisible characters. Several one-stop
 * systems send codes with stray blanks.
 */
export function cleanCode(text: string): string {
  if (PLAIN_CODE.test(text)) return text;
  let from = 0;
  let to = text.length;
  while (from < to && INVISIBLE.test(text[from] as string)) from++;
  while (to > from && INVISIBLE.test(text[to - 1] as string)) to--;
  return text.slice(from, to).normalize('NFC').toUpperCase();
}

const PLAIN_CODE = /^[!-`{-~]*$/;
const INVISIBLE = /[\s\u200b-\u200d\u2060\ufeff]/;

export const isPhone = matcher(PHONE);

const isTaxCode = matcher(TAX_CODE);
const isShapedAsDossierCode = matcher(DOSSIER_CODE);
const isCccd = matcher(CCCD);
const isCmnd = matcher(CMND);

/**
 * The intended code of a person who copied it by hand or from a document: without blanks and with hyphens for dashes.
 * Letters that look like digits become digits if only that gives a dossier code.
 */
export function typedCode(text: string): string {
  const code = cleanCode(text)
    .replace(/[\s\u200b-\u200d\u2060\ufeff]+/g, '')
    .replace(/\p{Pd}|\u2212/gu, '-');
  const inFigures = code.replace(/[OIL]/g, (letter) => (letter === 'O' ? '0' : '1'));
  return !isDossierCode(code) && isDossierCode(inFigures) ? inFigures : code;
}

/** Whether a clean code has the shape of a dossier code and its date exists in the calendar. */
export function isDossierCode(code: string): boolean {
  if (!isShapedAsDossierCode(code)) return false;
  const [, middle] = code.split(/[-/]/) as [string, string, string];
  // In `03706/2026/07906` (social insurance) the second part is the year.
  if (code.includes('/')) return isRealDate(`${middle}-01-01`);
  return isRealDate(dayOf(middle));
}

/** The day in a clean dossier code as `2025-08-12`. The dossier is not older. Undefined for a code without a day. */
export function dayOfDossierCode(code: string): string | undefined {
  return isDossierCode(code) && !code.includes('/') ? dayOf(code.split('-')[1] ?? '') : undefined;
}

/** `250812` and `20250812` as `2025-08-12`. Six digits mean this century. */
function dayOf(digits: string): string {
  const day = digits.length === 6 ? `20${digits}` : digits;
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
}

/** The agency at the start of a clean dossier code. Undefined for other codes, and for those of social insurance. */
export function agencyOfDossierCode(code: string): string | undefined {
  return isDossierCode(code) && !code.includes('/') ? code.slice(0, code.indexOf('-')) : undefined;
}

/**
 * The common suffix of an agency code of the 2016 era and all codes below it: `000.00.01.H60` is above `000.02.01.H60`,
 * which is above `003.02.01.H60` (QCVN 102:2016/BTTTT). Undefined for codes of the 2020 era, which grow to the right.
 */
export function subordinateSuffix(agency: string): string | undefined {
  if (!/^\d{3}\.\d\d\.\d\d\.[A-Z]\d\d$/.test(agency)) return undefined;
  return agency.replace(/^000(?:\.00){0,2}(?=\.)/, '');
}

/** The code of the agency above: `H60.01` of `H60.01.02`, and `000.02.01.H60` of `003.02.01.H60`. Undefined for the highest. */
export function agencyAbove(agency: string): string | undefined {
  if (subordinateSuffix(agency) === undefined)
    return agency.includes('.') ? agency.slice(0, agency.lastIndexOf('.')) : undefined;
  const parts = agency.split('.');
  const own = parts.findIndex((part) => !/^0+$/.test(part));
  if (own === parts.length - 1) return undefined;
  return parts.map((part, at) => (at === own ? part.replace(/\d/g, '0') : part)).join('.');
}

/** Whether a code belongs to this agency or to one below it. */
export function isAtOrBelow(code: string, agency: string): boolean {
  const tail = subordinateSuffix(agency);
  return code === agency || (tail === undefined ? code.startsWith(`${agency}.`) : code.endsWith(tail));
}

/** The common part of the short and long form of a procedure code: `1.001612` of `1.001612.000.00.00.H48`. */
export function serviceKey(code: string): string {
  return code.slice(0, 8);
}

/** The common part of all forms of a catalogue code: the short procedure code, otherwise the code itself. */
export function catalogueKey(kind: 'service' | 'agency' | 'field', code: string): string {
  return kind === 'service' ? serviceKey(code) : code;
}

/** The kind of paper that a number belongs to, by its shape alone. Undefined for passports and everything else. */
export function identityKindOf(number: string): 'cccd' | 'cmnd' | 'tax-code' | undefined {
  if (isCccd(number)) return 'cccd';
  if (isCmnd(number)) return 'cmnd';
  return isTaxCode(number) ? 'tax-code' : undefined;
}

/** How many digits of a Vietnamese phone number tell it from others: those after the 0, or after the country code. */
export const PHONE_DIGITS = 9;

/** The last digits of a phone number, without the 0 or the country code before them. Fewer of a shorter number. */
export function significantDigits(phone: string): string {
  return phone.replace(/\D/g, '').slice(-PHONE_DIGITS);
}

/** The last four digits of a phone or identity number, a citizen's proof. Undefined if it has fewer. */
export function lastFour(text: string): string | undefined {
  const digits = text.replace(/[^0-9]/g, '');
  return digits.length >= 4 ? digits.slice(-4) : undefined;
}

/** A personal value for messages and logs: at most its last two characters, and none of a value of up to five. */
export function maskTail(text: string): string {
  // Splitting every text into characters would triple the time.
  const characters = PAIR.test(text) ? [...text] : text;
  if (characters.length <= 5) return '*'.repeat(characters.length);
  const end = characters.slice(-2);
  return '*'.repeat(characters.length - 2) + (typeof end === 'string' ? end : end.join(''));
}

/** A character outside the basic plane takes two UTF-16 units. */
const PAIR = /[\ud800-\udbff][\udc00-\udfff]/;

function matcher(pattern: string): (code: string) => boolean {
  const expression = new RegExp(pattern);
  return (code) => expression.test(code);
}
