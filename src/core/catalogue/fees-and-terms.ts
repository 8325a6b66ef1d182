import { say, type Words } from '#messages/message';
import { fold } from '../vietnamese/text.ts';

const LARGEST_VND = 1e15;

export type Vnd = { readonly amountVnd: number | null; readonly text?: string } | { readonly error: Words };

/**
 * Parses a fee in whole đồng. Words for "free" give 0. A blank gives null, which is not 0. Other words ("Theo quy
 * định") give null and stay in `text`. A number that is not a whole amount from 0 to 10^15 is an error.
 */
export function parseVnd(value: string | number | null | undefined): Vnd {
  if (value === null || value === undefined) return { amountVnd: null };
  if (typeof value === 'number') return inRange(value) ? { amountVnd: value } : refuse(value);
  const given = value.trim();
  const folded = fold(given);
  if (folded === '') return { amountVnd: null };
  if (FREE.test(folded)) return { amountVnd: 0 };
  const number = folded.replace(CURRENCY, '');
  if (!looksNumeric(number)) return { amountVnd: null, text: given };
  const amount = amountOf(number);
  return amount !== undefined && inRange(amount) ? { amountVnd: amount } : refuse(given);
}

/** `unit` and `amount` are present only if both were understood. `text` is always the source's text. */
export interface ParsedTerm {
  readonly amount?: number;
  readonly unit?: TermUnit;
  readonly text: string;
}
export type TermUnit = 'working-day' | 'day' | 'hour' | 'month';

/**
 * Parses a processing term: THOIGIANGIAIQUYET and its free-text DONVITINH ("Ngày làm việc") of the national catalogue.
 */
export function parseTerm(amount: string | number | null | undefined, unit: string | null | undefined): ParsedTerm {
  const text = [amount, unit]
    .map((part) => String(part ?? '').trim())
    .join(' ')
    .trim();
  const known = UNITS.get(fold(unit ?? ''));
  const digits = String(amount ?? '')
    .trim()
    .replace(',', '.');
  if (known === undefined || !/^\d{1,6}(?:\.\d{1,4})?$/.test(digits)) return { text };
  return { amount: Number(digits), unit: known, text };
}

/** Working hours and clock hours are one unit here. The text keeps the difference. */
const UNITS: ReadonlyMap<string, TermUnit> = new Map([
  ['ngay lam viec', 'working-day'],
  ['ngay', 'day'],
  ['gio', 'hour'],
  ['gio lam viec', 'hour'],
  ['thang', 'month'],
]);

const FREE = /^(?:khong(?: (?:co|thu))?|mien(?: thu)?)(?: (?:phi|le phi|phi va le phi|phi, le phi))?\.?$/;
const CURRENCY = / ?(?:dong|vnd|d|₫)\.?$/;

/** Whole digits, or groups of three. A decimal part must be zero (`,00`, or `.0000` as SQL writes money). */
const PLAIN = /^\d+(?:[.,](?:00?|0000))?$/;
const GROUPED = /^\d{1,3}([., ])\d{3}(?:\1\d{3})*(?:(?!\1)[.,](?:00?|0000))?$/;
const ZERO_DECIMALS = /[.,](?:00?|0000)$/;

function amountOf(number: string): number | undefined {
  if (!PLAIN.test(number) && !GROUPED.test(number)) return undefined;
  return Number(number.replace(ZERO_DECIMALS, '').replace(/[., ]/g, ''));
}

function looksNumeric(text: string): boolean {
  // With the digit in the middle of the pattern, 100,000 digits and a letter took 16 seconds.
  if (/^[-+]?[\d.,' ]+$/.test(text)) return /\d/.test(text);
  return /^nan$|^[-+]?infinity$/.test(text) || (text !== '' && !Number.isNaN(Number(text)));
}

function inRange(amount: number): boolean {
  return Number.isSafeInteger(amount) && amount >= 0 && amount <= LARGEST_VND;
}

function refuse(value: string | number): Vnd {
  const got = typeof value === 'string' ? value.slice(0, 40) : Number.isFinite(value) ? value : String(value);
  return { error: say('unexpected', { got, expected: say('amount-up-to', { most: String(LARGEST_VND) }) }) };
}
