import { parseVnd } from '#core/catalogue/fees-and-terms';
import { formatLocal, instantToMs, type LocalFormat, msToInstant, parseInstant, parseLocal } from '#core/dates/dates';
import { formatPartialDate, type PartialFormat, parsePartialDate } from '#core/dates/partial-date';
import type { CodesOf } from '#core/identifiers/codes';
import { type Cause, type Problem, problem, unmappedCause } from '#core/problem';
import { fold, nfc, unstorable } from '#core/vietnamese/text';
import { type Arg, say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish } from '#messages/render';
import { FileText } from '../kit/files.ts';
import { writable } from '../kit/xml/text.ts';
import type { Field, MappedSettings } from './settings.ts';
import { tableName } from './tables.ts';

/** A field of a table, in its long form. */
export type LongField = Exclude<Field, string>;

/** What a conversion needs, and where it notes what went wrong. */
export interface Conversion {
  readonly settings: MappedSettings;
  readonly codes: CodesOf;
  /** `read`: from the ministry's values to ours. `write`: from ours to the ministry's. */
  readonly way: 'read' | 'write';
  readonly problems: Problem[];
  /** Codes without an entry in any table, in order. */
  readonly causes: Cause[];
}

type Converted = string | number | boolean | FileText | null | undefined;
type Convert = (text: string, place: string, to: Conversion) => Converted;

/**
 * Converts one text as its field says. Undefined if the text means nothing, or cannot be converted: then a problem at `place` says
 * why. Read by `{ codes: 'status' }`, 4 is `processing`; by `{ date: 'epoch-s' }`, 1754961300 is 2025-08-12T08:15:00+07:00.
 */
export function convert(field: LongField, text: string, place: string, to: Conversion): Converted {
  const said = field.codes === undefined ? text : decode(field.codes, text, place, to);
  if (said === undefined || said === null) return undefined;
  if (field.date !== undefined) {
    const date = convertDate([field.date].flat(), said, place, to);
    return to.way === 'write' && field.as === 'number' && date ? exactNumber(date, place, to) : date;
  }
  if (field.partialDate !== undefined) return convertPartial([field.partialDate].flat(), said, place, to);
  if (field.as !== undefined && field.as !== 'sum') return FORMS[field.as](said, place, to);
  return to.way === 'write' ? writable(nfc(said)) : said;
}

/** A reference such as sha256:…: the bytes are streamed when the call is made. */
const fileOf: Convert = (text, _, { way }) => (way === 'write' ? new FileText(text) : text);

const FORMS: Readonly<Record<Exclude<NonNullable<LongField['as']>, 'sum'>, Convert>> = {
  number: exactNumber,
  boolean: truth,
  vnd: amountOf,
  'phone-84': phone84,
  // "Nguyễn Văn A" is NGUYENVANA for registers that compare names without marks and blanks.
  'bare-capitals': (text) => fold(text).toUpperCase().replaceAll(' ', ''),
  base64: fileOf,
  file: fileOf,
};

/** Notes that a text is not what a field expects. */
function noteUnexpected(text: string, expected: Words, place: string, { problems }: Conversion): undefined {
  problems.push(problem(place, 'unexpected', { got: text.slice(0, 40), expected }));
}

/** Operators' entries take precedence over the settings. A code that the settings leave out is null. */
function decode(table: string, code: string, place: string, to: Conversion): string | null | undefined {
  const name = tableName(to.settings, table);
  const entered = to.codes(name).get(code);
  if (entered !== undefined) return entered;
  const entries = to.settings.codes?.[table] ?? {};
  if (Object.hasOwn(entries, code)) return entries[code];
  const why = unstorable(code);
  const args = { table: name, got: received(code) };
  if (!why) to.causes.push(unmappedCause(name, code, say('no-table-entry', args)));
  to.problems.push(why ? problem(place, 'unstorable-value', { why }) : problem(place, 'no-table-entry', args));
  return undefined;
}

function convertDate(formats: readonly string[], text: string, place: string, to: Conversion): string | undefined {
  if (to.way === 'write')
    return writeDate(formats[0] as string, text) ?? noteUnexpected(text, say('an-instant'), place, to);
  const errors: Words[] = [];
  for (const format of formats) {
    const read = readDate(format, text);
    if ('instant' in read) return read.instant;
    if ('absent' in read) return undefined;
    errors.push(read.error);
  }
  const [error] = errors;
  to.problems.push({ path: place, ...inEnglish(errors.length === 1 && error ? error : noneOf(errors)) });
  return undefined;
}

/** Errors of the same text in several forms as one: the text once, then the forms. */
function noneOf(errors: readonly Words[]): Words {
  const expected = errors.map(({ args }) => args.expected as Words);
  const forms = expected.flatMap(({ code, args }) => (code === 'local-date' ? [args.form as string] : []));
  const others = expected.filter(({ code }) => code !== 'local-date');
  const either = (alternatives: readonly (string | Words)[]): Arg =>
    alternatives.length === 1 ? (alternatives[0] as string | Words) : say('any-of', { alternatives });
  const all = forms.length === 0 ? others : [say('local-date', { form: either(forms) }), ...others];
  const got = errors[0]?.args.got ?? '';
  return say('any-of', { alternatives: [say('unexpected', { got, expected: either(all) })] });
}

/** Undefined if the text is no moment. Where the form has no time of day, a day is enough. */
function writeDate(format: string, text: string): string | undefined {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && /^[dMy/-]+$/.test(format);
  const instant = isDay ? text : parseInstant(text);
  if (instant === undefined || format === 'instant') return instant;
  if (format === 'epoch-s') return String(Math.floor(instantToMs(instant) / 1_000));
  return format === 'epoch-ms' ? String(instantToMs(instant)) : formatLocal(format as LocalFormat, instant);
}

type ReadDate = ReturnType<typeof parseLocal>;

function readDate(format: string, text: string): ReadDate {
  if (format === 'instant') return ofInstant(text);
  if (format === 'epoch-s') return ofSeconds(text);
  return format === 'epoch-ms' ? ofMilliseconds(text) : parseLocal(format as LocalFormat, text);
}

const notADate = (text: string, expected: Words): ReadDate => ({
  error: say('unexpected', { got: text.slice(0, 40), expected }),
});

function ofInstant(text: string): ReadDate {
  const instant = parseInstant(text);
  if (instant !== undefined) return { instant };
  // .NET writes an unset date as the first day of year 1.
  return /^0001-01-01T00:00:00/.test(text) ? { absent: true } : notADate(text, say('an-instant'));
}

/** Milliseconds since 1970, as Java and JavaScript write them, also as `/Date(…)/` of older .NET. */
function ofMilliseconds(text: string): ReadDate {
  const ms = /^(?:\/Date\()?(-?\d{1,14})(?:(?:[+-]\d{4})?\)\/)?$/.exec(text)?.[1];
  // An unset date: the epoch in Java, year 1 in .NET.
  if (ms === '0' || ms === '-62135596800000') return { absent: true };
  try {
    if (ms !== undefined) return { instant: msToInstant(Number(ms)) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return notADate(text, say('epoch-date'));
}

/** Seconds since 1970, as PHP and Unix write them. */
function ofSeconds(text: string): ReadDate {
  const seconds = /^(-?\d{1,11})(?:\.0+)?$/.exec(text)?.[1];
  const read = seconds === undefined ? undefined : ofMilliseconds(String(Number(seconds) * 1_000));
  return read && !('error' in read) ? read : notADate(text, say('epoch-seconds'));
}

/** Converts a date whose day or month may be unknown. An unknown part stays unknown. */
function convertPartial(
  formats: readonly PartialFormat[],
  text: string,
  place: string,
  to: Conversion,
): string | undefined {
  const tried = to.way === 'write' ? (['yyyy-MM-dd'] as const) : formats;
  const date = tried.flatMap((format) => parsePartialDate(format, text) ?? [])[0];
  if (date === undefined) return noteUnexpected(text, say('partial-date'), place, to);
  return to.way === 'write' ? formatPartialDate(formats[0] as PartialFormat, date) : date;
}

/** An amount in whole đồng: read from free text, written with dots such as `1.250.000`. */
function amountOf(text: string, place: string, { way, problems }: Conversion): number | string | null | undefined {
  const read = parseVnd(text);
  if ('error' in read) problems.push({ path: place, ...inEnglish(read.error) });
  if ('error' in read) return undefined;
  if (way === 'read') return read.amountVnd;
  return read.amountVnd === null ? undefined : String(read.amountVnd).replace(/\B(?=(?:\d{3})+$)/g, '.');
}

/** A number that would lose digits becomes a problem and is not sent. */
function exactNumber(text: string, place: string, to: Conversion): number | undefined {
  const number = Number(text);
  if (String(number) === text && Number.isFinite(number)) return number;
  return noteUnexpected(text, say('exact-number'), place, to);
}

/** The sum of whole numbers, such as the amounts of several fees. The ministry may write them as amounts with dots. */
export function sumOf(texts: readonly string[], place: string, to: Conversion): number | undefined {
  const numbers = texts.map((text) => {
    const read = to.way === 'read' ? parseVnd(text) : undefined;
    return read && 'amountVnd' in read && read.amountVnd !== null ? read.amountVnd : exactNumber(text, place, to);
  });
  if (numbers.includes(undefined)) return undefined;
  const sum = numbers.reduce<number>((total, one) => total + (one ?? 0), 0);
  return Number.isSafeInteger(sum) ? sum : noteUnexpected(String(sum), say('exact-number'), place, to);
}

/** A telephone number as text messages want it: `0912 345 678` and `+84 912345678` are `84912345678`. */
function phone84(text: string, place: string, { problems }: Conversion): string | undefined {
  const digits = text.replace(/\D/g, '');
  const found = /^(?:0|84)([1-9]\d{8,9})$/.exec(digits)?.[1];
  if (found !== undefined) return `84${found}`;
  // Nothing of the number: it is somebody's.
  problems.push(problem(place, 'no-vietnamese-phone'));
  return undefined;
}

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

function truth(text: string, place: string, to: Conversion): boolean | undefined {
  return TRUTHS.get(text.toLowerCase()) ?? noteUnexpected(text, say('boolean-text'), place, to);
}
