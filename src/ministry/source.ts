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
import { nodesAt, textAt, textIn } from '../kit/xml/read-xml.ts';
import { writable } from '../kit/xml/text.ts';
import type { Field, Fields, MappedSettings } from './settings.ts';
import { tableName } from './tables.ts';

/** The direction and the codes for filling a table of fields. */
export interface FillOptions {
  readonly settings: MappedSettings;
  readonly codes: CodesOf;
  /** `read`: from the ministry's values to ours. `write`: from ours to the ministry's. */
  readonly way: 'read' | 'write';
}

type Value = string | number | boolean | null | FileText | readonly Value[] | Built;
export interface Built {
  [name: string]: Value;
}

/** A filled table of fields. A value that could not be converted is left out and becomes a problem. */
export interface Filled {
  readonly record: Built;
  readonly problems: readonly Problem[];
  /** Codes without an entry in any table, in order. */
  readonly causes: readonly Cause[];
  /** Members for which the ministry sent nothing and the settings' `value` stands in. */
  readonly assumed: readonly string[];
}

type One = Exclude<Field, string>;
interface Notes {
  readonly problems: Problem[];
  readonly causes: Cause[];
  readonly assumed: string[];
}

/**
 * Fills a table of fields.
 *
 * @param given the source of the values
 * @param place the JSON Pointer of `given`, for problems
 */
export function fill(fields: Fields, given: unknown, options: FillOptions, place = ''): Filled {
  const notes: Notes = { problems: [], causes: [], assumed: [] };
  return { record: fillRecord(fields, given, options, place, notes), ...notes };
}

function fillRecord(fields: Fields, given: unknown, options: FillOptions, place: string, notes: Notes): Built {
  const record: Built = {};
  for (const [target, field] of Object.entries(fields)) {
    const one: One = typeof field === 'string' ? { from: field } : field;
    const source = one.of === undefined ? given : wantedOf(nodesAt(given, one.of), one.where);
    const here = one.of === undefined ? place : `${place}/${one.of.replaceAll('.', '/')}`;
    const value = filledBy(one, source, options, here, notes);
    if (value === undefined) continue;
    setMember(record, target.split('.'), value);
    if (one.value !== undefined && one.each === undefined && !hasValue(one, source)) notes.assumed.push(target);
  }
  return record;
}

function filledBy(one: One, given: unknown, options: FillOptions, place: string, notes: Notes): Value | undefined {
  if (one.template !== undefined) return templateText(one, given, options, place, notes);
  const read = one.each === undefined ? oneValue : listOf;
  return read(one, given, options, place, notes);
}

/** The names in the braces of a template. */
export const TEMPLATE_NAME = /\{([^{}]+)\}/g;

/** A sentence with values in it. One without a value would be no sentence, so it is a problem. */
function templateText(
  { template = '', fields = {} }: One,
  given: unknown,
  options: FillOptions,
  place: string,
  notes: Notes,
): string | undefined {
  const before = notes.problems.length;
  const record = fillRecord(fields, given, options, place, notes);
  const text = template.replace(TEMPLATE_NAME, (_, name: string) => {
    const value = textAt(record, name);
    if (value === undefined && notes.problems.length === before)
      notes.problems.push(problem(place, 'template-lacks-value', { name }));
    return value ?? '';
  });
  return notes.problems.length > before ? undefined : text;
}

/** The elements whose members have the texts of `where`. */
function wantedOf(nodes: readonly unknown[], where: One['where'] = {}): readonly unknown[] {
  const wanted = Object.entries(where);
  return nodes.filter((node) =>
    wanted.every(([path, texts]) => nodesAt(node, path).some((one) => [texts].flat().includes(textIn(one) ?? ''))),
  );
}

function hasValue({ from = [] }: One, given: unknown): boolean {
  return [from].flat().some((path) => nodesAt(given, path).some((node) => textIn(node) !== undefined));
}

function listOf(one: One, given: unknown, options: FillOptions, place: string, notes: Notes): Value | undefined {
  const { each = '', fields, ...leaf } = one;
  // .NET sends an absent entry as a nil element.
  const all = nodesAt(given, each === '.' ? '' : each).filter((node) =>
    isElement(node) ? !isNil(node) : textIn(node) !== undefined,
  );
  const nodes = one.of === undefined ? wantedOf(all, one.where) : all;
  const items = nodes.flatMap((node, at): Value[] => {
    const here = each === '.' ? place : `${place}/${each.replaceAll('.', '/')}/${at}`;
    if (fields) return [fillRecord(fields, node, options, here, { ...notes, assumed: [] })];
    const value = oneValue({ ...leaf, from: leaf.from ?? '' }, node, options, here, notes);
    return value === undefined ? [] : [value];
  });
  return items.length > 0 ? items : undefined;
}

const isElement = (node: unknown): node is object => typeof node === 'object' && node !== null;

function isNil(element: object): boolean {
  const { '@nil': nil } = element as Readonly<Record<string, unknown>>;
  return nil === 'true' || nil === '1';
}

function oneValue(one: One, given: unknown, options: FillOptions, place: string, notes: Notes): Value | undefined {
  // In a request null becomes a nil element. In a record it means nothing.
  const otherwise = options.way === 'read' && one.value === null ? undefined : one.value;
  for (const path of [one.from ?? []].flat()) {
    const texts = nodesAt(given, path).flatMap((node) => textIn(node) ?? []);
    const text = texts[0];
    if (text === undefined) continue;
    const here = path === '' ? place : `${place}/${path.replaceAll('.', '/')}`;
    if (one.as === 'sum') return sumOf(texts, options, here, notes);
    if (texts.length === 1) return convert(one, text, options, here, notes);
    if (one.join !== undefined) return convert(one, texts.join(one.join), options, here, notes);
    notes.problems.push(problem(here, 'repeated-element', { count: texts.length }));
    return undefined;
  }
  // A constant of a request is a text too, unless the settings say what it is.
  const as = options.way === 'write' && (one.as === 'number' || one.as === 'boolean') ? one.as : undefined;
  return as && typeof otherwise === 'string' ? convert({ as }, otherwise, options, place, notes) : otherwise;
}

function convert(one: One, text: string, options: FillOptions, path: string, notes: Notes): Value | undefined {
  const said = one.codes === undefined ? text : decode(one.codes, text, options, path, notes);
  if (said === undefined || said === null) return undefined;
  if (one.date !== undefined) {
    const date = convertDate([one.date].flat(), said, options, path, notes);
    return options.way === 'write' && one.as === 'number' && date ? exactNumber(date, path, notes) : date;
  }
  if (one.partialDate !== undefined) return convertPartial([one.partialDate].flat(), said, options, path, notes);
  if (one.as === 'number') return exactNumber(said, path, notes);
  // "Nguyễn Văn A" is NGUYENVANA for registers that compare names without marks and blanks.
  if (one.as === 'bare-capitals') return fold(said).toUpperCase().replaceAll(' ', '');
  if (one.as === 'phone-84') return phone84(said, path, notes);
  // A reference such as sha256:…: the bytes are streamed when the call is made.
  if (one.as === 'base64' || one.as === 'file') return options.way === 'write' ? new FileText(said) : said;
  if (one.as === 'vnd') return amountOf(said, options, path, notes);
  if (one.as === 'boolean') return truth(said, path, notes);
  return options.way === 'write' ? writable(nfc(said)) : said;
}

/** Operators' entries take precedence over the settings. */
function decode(
  table: string,
  code: string,
  { settings, codes }: FillOptions,
  path: string,
  notes: Notes,
): string | null | undefined {
  const name = tableName(settings, table);
  const entered = codes(name).get(code);
  if (entered !== undefined) return entered;
  const entries = settings.codes?.[table] ?? {};
  if (Object.hasOwn(entries, code)) return entries[code];
  const why = unstorable(code);
  if (why) notes.problems.push(problem(path, 'unstorable-value', { why }));
  if (why) return undefined;
  const args = { table: name, got: received(code) };
  notes.causes.push(unmappedCause(name, code, say('no-table-entry', args)));
  notes.problems.push(problem(path, 'no-table-entry', args));
  return undefined;
}

function convertDate(
  formats: readonly string[],
  text: string,
  { way }: FillOptions,
  path: string,
  notes: Notes,
): string | undefined {
  if (way === 'write') return writeDate(formats[0] as string, text);
  const errors: Words[] = [];
  for (const format of formats) {
    const read = readDate(format, text);
    if ('instant' in read) return read.instant;
    if ('absent' in read) return undefined;
    errors.push(read.error);
  }
  const [error] = errors;
  const words = errors.length === 1 && error ? error : noneOf(errors);
  notes.problems.push({ path, ...inEnglish(words) });
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

/** Converts a date whose day or month may be unknown. An unknown part stays unknown. */
function convertPartial(
  formats: readonly PartialFormat[],
  text: string,
  { way }: FillOptions,
  path: string,
  notes: Notes,
): string | undefined {
  const tried = way === 'write' ? (['yyyy-MM-dd'] as const) : formats;
  const date = tried.flatMap((format) => parsePartialDate(format, text) ?? [])[0];
  if (date !== undefined) return way === 'write' ? formatPartialDate(formats[0] as PartialFormat, date) : date;
  notes.problems.push(problem(path, 'unexpected', { got: text.slice(0, 40), expected: say('partial-date') }));
  return undefined;
}

function writeDate(format: string, instant: string): string {
  if (format === 'instant') return instant;
  if (format === 'epoch-s') return String(Math.floor(instantToMs(instant) / 1_000));
  return format === 'epoch-ms' ? String(instantToMs(instant)) : formatLocal(format as LocalFormat, instant);
}

function readDate(format: string, text: string): ReturnType<typeof parseLocal> {
  if (format === 'instant') return instantOf(text);
  if (format === 'epoch-s') return ofSeconds(text);
  return format === 'epoch-ms' ? ofEpoch(text) : parseLocal(format as LocalFormat, text);
}

/** Milliseconds since 1970, as Java and JavaScript write them, also as `/Date(…)/` of older .NET. */
function ofEpoch(text: string): ReturnType<typeof parseLocal> {
  const ms = /^(?:\/Date\()?(-?\d{1,14})(?:(?:[+-]\d{4})?\)\/)?$/.exec(text)?.[1];
  // An unset date: the epoch in Java, year 1 in .NET.
  if (ms === '0' || ms === '-62135596800000') return { absent: true };
  try {
    if (ms !== undefined) return { instant: msToInstant(Number(ms)) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return { error: say('unexpected', { got: text.slice(0, 40), expected: say('epoch-date') }) };
}

/** Seconds since 1970, as PHP and Unix write them. */
function ofSeconds(text: string): ReturnType<typeof parseLocal> {
  const seconds = /^(-?\d{1,11})(?:\.0+)?$/.exec(text)?.[1];
  const read = seconds === undefined ? undefined : ofEpoch(String(Number(seconds) * 1_000));
  return read && !('error' in read)
    ? read
    : { error: say('unexpected', { got: text.slice(0, 40), expected: say('epoch-seconds') }) };
}

function instantOf(text: string): ReturnType<typeof parseLocal> {
  const instant = parseInstant(text);
  if (instant !== undefined) return { instant };
  // .NET writes an unset date as the first day of year 1.
  if (/^0001-01-01T00:00:00/.test(text)) return { absent: true };
  return { error: say('unexpected', { got: text.slice(0, 40), expected: say('an-instant') }) };
}

/** An amount in whole đồng: read from free text, written with dots such as `1.250.000`. */
function amountOf(text: string, { way }: FillOptions, path: string, notes: Notes): number | string | null | undefined {
  const read = parseVnd(text);
  if ('error' in read) notes.problems.push({ path, ...inEnglish(read.error) });
  if ('error' in read) return undefined;
  if (way === 'read') return read.amountVnd;
  return read.amountVnd === null ? undefined : String(read.amountVnd).replace(/\B(?=(?:\d{3})+$)/g, '.');
}

/** A number that would lose digits becomes a problem and is not sent. */
function exactNumber(text: string, path: string, notes: Notes): number | undefined {
  const number = Number(text);
  if (String(number) === text && Number.isFinite(number)) return number;
  notes.problems.push(problem(path, 'unexpected', { got: text.slice(0, 40), expected: say('exact-number') }));
  return undefined;
}

/** The sum of whole numbers, such as the amounts of several fees. The other side may write them as amounts with dots. */
function sumOf(texts: readonly string[], { way }: FillOptions, path: string, notes: Notes): number | undefined {
  const numbers = texts.map((text) => {
    const read = way === 'read' ? parseVnd(text) : undefined;
    return read && 'amountVnd' in read && read.amountVnd !== null ? read.amountVnd : exactNumber(text, path, notes);
  });
  if (numbers.includes(undefined)) return undefined;
  const sum = numbers.reduce<number>((total, one) => total + (one ?? 0), 0);
  if (Number.isSafeInteger(sum)) return sum;
  notes.problems.push(problem(path, 'unexpected', { got: String(sum), expected: say('exact-number') }));
  return undefined;
}

/** A telephone number as text messages want it: `0912 345 678` and `+84 912345678` are `84912345678`. */
function phone84(text: string, path: string, notes: Notes): string | undefined {
  const digits = text.replace(/\D/g, '');
  const found = /^(?:0|84)([1-9]\d{8,9})$/.exec(digits)?.[1];
  if (found !== undefined) return `84${found}`;
  // Nothing of the number: it is somebody's.
  notes.problems.push(problem(path, 'no-vietnamese-phone'));
  return undefined;
}

function truth(text: string, path: string, notes: Notes): boolean | undefined {
  const found = TRUTHS.get(text.toLowerCase());
  if (found === undefined)
    notes.problems.push(problem(path, 'unexpected', { got: text.slice(0, 40), expected: say('boolean-text') }));
  return found;
}

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** The text of an element that also has attributes or children. */
export const TEXT = '#text';

/** Sets a member by its path and creates the objects in between. The settings may list targets in any order. */
function setMember(record: Built, [name, ...rest]: readonly string[], value: Value): void {
  const key = name as string;
  const standing = Object.hasOwn(record, key) ? record[key] : undefined;
  if (rest.length === 0) {
    if (isBuilt(standing) && !isBuilt(value)) standing[TEXT] = value;
    else record[key] = value;
    return;
  }
  const inner = isBuilt(standing) ? standing : standing === undefined ? {} : { [TEXT]: standing };
  record[key] = inner;
  setMember(inner, rest, value);
}

function isBuilt(value: Value | undefined): value is Built {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
