import { CCCD, CMND, DOSSIER_CODE, PHONE, TAX_CODE } from '#schemas/parts';
import { isRealDate } from '../dates/dates.ts';

/**
 * A code as it is stored and compared: without blanks and invisible characters around it, NFC, upper-case.
 * Codes arrive with stray blanks from several one-stop systems.
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
 * The code that somebody means who copied it by hand from paper or out of a document: without blanks, with hyphens for
 * dashes, and with figures for the letters that look like them, where only that makes a dossier code of it.
 */
export function typedCode(text: string): string {
  const code = cleanCode(text)
    .replace(/[\s\u200b-\u200d\u2060\ufeff]+/g, '')
    .replace(/\p{Pd}|\u2212/gu, '-');
  const inFigures = code.replace(/[OIL]/g, (letter) => (letter === 'O' ? '0' : '1'));
  return !isDossierCode(code) && isDossierCode(inFigures) ? inFigures : code;
}

/** Whether a clean code has the shape of a dossier code and the date in it is one that the calendar has. */
export function isDossierCode(code: string): boolean {
  if (!isShapedAsDossierCode(code)) return false;
  const [, middle] = code.split(/[-/]/) as [string, string, string];
  // Of `03706/2026/07906` (social insurance) the second part is the year.
  if (code.includes('/')) return isRealDate(`${middle}-01-01`);
  return isRealDate(dayOf(middle));
}

/** The day in a clean dossier code as `2025-08-12`: the dossier is not older. Undefined where the code has no day. */
export function dayOfDossierCode(code: string): string | undefined {
  return isDossierCode(code) && !code.includes('/') ? dayOf(code.split('-')[1] ?? '') : undefined;
}

/** `250812` and `20250812` as `2025-08-12`. A date of six digits is of this century. */
function dayOf(digits: string): string {
  const day = digits.length === 6 ? `20${digits}` : digits;
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
}

/** The agency that a clean dossier code begins with; undefined where it is none, or one of the social insurance. */
export function agencyOfDossierCode(code: string): string | undefined {
  return isDossierCode(code) && !code.includes('/') ? code.slice(0, code.indexOf('-')) : undefined;
}

/**
 * How the codes of an agency of the 2016 era and of all below it end: `000.00.01.H60` is above `000.02.01.H60`, which is
 * above `003.02.01.H60` (QCVN 102:2016/BTTTT). Undefined for codes of the 2020 era, which grow to the right.
 */
export function subordinateSuffix(agency: string): string | undefined {
  if (!/^\d{3}\.\d\d\.\d\d\.[A-Z]\d\d$/.test(agency)) return undefined;
  return agency.replace(/^000(?:\.00){0,2}(?=\.)/, '');
}

/** Whether an agency's code is this one or that of an agency below it. */
export function isAtOrBelow(code: string, agency: string): boolean {
  const tail = subordinateSuffix(agency);
  return code === agency || (tail === undefined ? code.startsWith(`${agency}.`) : code.endsWith(tail));
}

/** What is the same in the short and the long form of a procedure code: `1.001612` of `1.001612.000.00.00.H48`. */
export function serviceKey(code: string): string {
  return code.slice(0, 8);
}

/** What all forms of a code of the catalogue have in common: the short procedure code, otherwise the code itself. */
export function catalogueKey(kind: 'service' | 'agency' | 'field', code: string): string {
  return kind === 'service' ? serviceKey(code) : code;
}

/** Which paper a number belongs to, by its shape alone; undefined for passports and everything else. */
export function identityKindOf(number: string): 'cccd' | 'cmnd' | 'tax-code' | undefined {
  if (isCccd(number)) return 'cccd';
  if (isCmnd(number)) return 'cmnd';
  return isTaxCode(number) ? 'tax-code' : undefined;
}

/** The last four digits of a phone or identity number, a citizen's proof; undefined when it has fewer. */
export function lastFour(text: string): string | undefined {
  const digits = text.replace(/[^0-9]/g, '');
  return digits.length >= 4 ? digits.slice(-4) : undefined;
}

/** A personal value for messages and logs: at most its last two characters, and none of a value of up to five. */
export function maskTail(text: string): string {
  // Taking every text apart took twice as long as all of this.
  const characters = PAIR.test(text) ? [...text] : text;
  if (characters.length <= 5) return '*'.repeat(characters.length);
  const end = characters.slice(-2);
  return '*'.repeat(characters.length - 2) + (typeof end === 'string' ? end : end.join(''));
}

/** A character outside of the basic plane takes two places. */
const PAIR = /[\ud800-\udbff][\udc00-\udfff]/;

function matcher(pattern: string): (code: string) => boolean {
  const expression = new RegExp(pattern);
  return (code) => expression.test(code);
}
