import { parseVnd } from '#core/catalogue/fees-and-terms';
import { parseInstant, parseLocal } from '#core/dates/dates';
import { LONGEST_CODE } from '#core/identifiers/codes';
import { problem, unmappedCause } from '#core/problem';
import { type Arg, say } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish } from '#messages/render';
import { enteredName, isYesNo, meaningOf, shownCodes, type TableName } from './codes.ts';
import type { FieldRule } from './fields.ts';
import type { Raw, Reading } from './reading-notes.ts';

/**
 * Reads one value of the dialect. Nothing is blanked: a value that is not understood is a problem, or waits for an
 * operator.
 */
export function readValue(
  reading: Reading,
  rule: FieldRule,
  value: unknown,
  path: string,
  record: Record<string, unknown>,
): unknown {
  const { as } = rule;
  if (typeof as === 'object') return 'table' in as ? readCode(reading, as.table, value, path) : undefined;
  if (as === 'true-false') return readTrueFalse(reading, value, path);
  const text = readText(reading, value, path);
  if (text === undefined || as === 'text') return text;
  if (as === 'date') return readDate(reading, text, path);
  return as === 'vnd' ? readVnd(reading, rule, text, path, record) : readCount(reading, text, path);
}

/** A text, or a number if the sender's language made one of it. Undefined, with a problem, for anything else. */
export function readText(reading: Reading, value: unknown, path: string): string | undefined {
  const text = plainText(value);
  if (text !== undefined) return text;
  reading.problems.push(problem(path, 'unexpected', { got: kindOf(value), expected: say('a-text') }));
  return undefined;
}

/**
 * A text or a number as text. Undefined for anything else, because an object from outside could define its own
 * conversion.
 */
export function plainText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** The meaning of a code. Undefined, and the item waits, if no table maps it. */
export function readCode(reading: Reading, table: TableName, value: unknown, path: string): unknown {
  const { codes, unmapped } = reading;
  const code = codeText(isYesNo(codes, table), value);
  const text = code ?? readText(reading, value, path)?.trim();
  if (text === undefined) return undefined;
  const cut = text.slice(0, LONGEST_CODE);
  const meaning = meaningOf(codes, table, text) ?? meaningOf(codes, table, cut);
  if (meaning === undefined) {
    const words = say('unmapped-code', { got: received(text), list: shownCodes(codes, table) });
    unmapped.push({ path, cause: unmappedCause(enteredName(table), cut, words) });
  }
  return meaning;
}

function codeText(yesNo: boolean, value: unknown): string | undefined {
  const flag = yesNo ? flagOf(value) : undefined;
  return flag === undefined ? undefined : flag ? '1' : '0';
}

function readTrueFalse(reading: Reading, value: unknown, path: string): boolean | undefined {
  const flag = flagOf(value);
  if (flag === undefined)
    reading.problems.push(problem(path, 'unexpected', { got: shown(value), expected: say('true-or-false-text') }));
  return flag;
}

/** A value in place of true and false. An object may be large, and may be personal. */
function shown(value: unknown): Arg {
  return typeof value === 'object' && value !== null ? kindOf(value) : received(value);
}

function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'object') return undefined;
  const text = String(value).trim().toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

/**
 * Parses `yyyyMMddHHmmss` in Vietnam time. Systems written in .NET send supplement dates as ISO 8601. Without a zone
 * that is Vietnam time too.
 */
function readDate(reading: Reading, text: string, path: string): string | undefined {
  const date = parseLocal('yyyyMMddHHmmss', text);
  if ('instant' in date) return date.instant;
  if ('absent' in date) return undefined;
  const iso = /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text.trim()) ? `${text.trim()}+07:00` : text.trim();
  const instant = parseInstant(iso);
  if (instant === undefined) reading.problems.push({ path, ...inEnglish(date.error) });
  return instant;
}

function readVnd(
  reading: Reading,
  rule: FieldRule,
  text: string,
  path: string,
  record: Record<string, unknown>,
): unknown {
  const money = parseVnd(text);
  if ('error' in money) {
    reading.problems.push({ path, ...inEnglish(money.error) });
    return undefined;
  }
  if (money.text !== undefined) {
    if (rule.words) record[rule.words] = money.text;
    else reading.warnings.push(problem(path, 'no-amount', { got: received(money.text) }));
  }
  return money.amountVnd;
}

/** A number of copies. `01` and `1 bản` mean one. */
function readCount(reading: Reading, text: string, path: string): number | undefined {
  const digits = /^(\d{1,4})(?:\s*(?:bản|bộ))?$/i.exec(text.trim().normalize('NFC'))?.[1];
  if (digits === undefined)
    reading.problems.push(problem(path, 'unexpected', { got: received(text), expected: say('an-integer') }));
  return digits === undefined ? undefined : Number(digits);
}

/** Whether a value is missing: no member, null, or blank text. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

export function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The type of a value in words, because the value itself may be personal. */
export function kindOf(value: unknown): Arg {
  if (value === null) return null;
  if (Array.isArray(value)) return say('a-list');
  if (typeof value === 'number') return say('a-number');
  if (typeof value === 'boolean') return say('a-boolean');
  return typeof value === 'object' ? say('an-object') : say('a-text');
}
