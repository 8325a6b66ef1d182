import type Type from 'typebox';
import type { Compile } from 'typebox/compile';
import { type Code, type Given, say } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish } from '#messages/render';
import { OPERATIONS, type Operation, type Records } from '#schemas/operations';
import { expectedInstant, parseInstant } from '../dates/dates.ts';
import { explain, pointer, type SchemaNode, shownValue, unknownMember } from '../explain.ts';
import { cleanCode, isDossierCode } from '../identifiers/identifiers.ts';
import { type Problem, problem } from '../problem.ts';
import { checkOf } from '../schema-check.ts';
import { inspectText, unstorable } from '../vietnamese/text.ts';

export type Read<T> =
  | { readonly kind: 'record'; readonly record: T; readonly warnings: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly code?: string | undefined }
  /** `record` is the record if an operator accepts the doubtful text unchanged. */
  | {
      readonly kind: 'doubtful';
      readonly problems: readonly Problem[];
      readonly code?: string | undefined;
      readonly record: T;
      readonly warnings: readonly Problem[];
    };

/**
 * Turns any value into the canonical record of an operation, or returns all its problems.
 *
 * The members of a record have the order of the schema, so equal content is equal JSON. Text is NFC and trimmed, codes
 * are upper-case, and instants are in Vietnam time. Null and blank members are absent. Text in a legacy encoding is
 * repaired with a warning if that is certain, and `doubtful` otherwise.
 */
export function readRecord<O extends Operation>(operation: O, value: unknown): Read<Records[O]> {
  return readers[operation](value) as Read<Records[O]>;
}

/** Reads a report about a record: like readRecord, but only the code, the state and its moment are required. */
export function readReportedRecord<O extends Operation>(operation: O, value: unknown): Read<Records[O]> {
  reportReaders[operation] ??= createRecordReader({ ...OPERATIONS[operation], required: REPORTED });
  return reportReaders[operation](value) as Read<Records[O]>;
}

const REPORTED = ['code', 'state', 'stateAt'];

/** Made when first used, because few operations have reports. */
const reportReaders: Partial<Record<Operation, (value: unknown) => Read<object>>> = {};

/**
 * Makes the reader of a schema, see readRecord.
 *
 * @param meaning finds the problems of a record that fits the schema
 */
export function createRecordReader(
  schema: object,
  meaning: (record: Coded) => readonly Problem[] = wrongCodeOfItsDossier,
): (value: unknown) => Read<object> {
  const clean = cleanerOf(schema as SchemaNode);
  const checked = withoutCleaned(schema) as Type.TSchema;
  return (value) => readBy(schema as Type.TSchema, clean, checkOf(checked), meaning, value);
}

interface Coded {
  readonly code?: string;
  readonly parentCode?: string;
  readonly dossierCode?: string;
}

function readBy(
  schema: Type.TSchema,
  clean: Cleaner,
  check: ReturnType<typeof Compile>,
  meaning: (record: Coded) => readonly Problem[],
  value: unknown,
): Read<object> {
  const notes: Notes = { problems: [], warnings: [], doubts: [] };
  const record = clean(value, '', notes);
  const code = codeOf(record);
  if (!check.Check(record)) notes.problems.push(...explain(schema, check, record, notes.problems));
  else if (notes.problems.length === 0) notes.problems.push(...meaning(record as Coded));
  if (notes.problems.length > 0) return { kind: 'invalid', problems: bounded(notes.problems), code };
  const found = { record: record as object, warnings: bounded(notes.warnings) };
  if (notes.doubts.length > 0) return { kind: 'doubtful', problems: bounded(notes.doubts), code, ...found };
  return { kind: 'record', ...found };
}

/** A limit, so that an item with a million wrong members costs neither memory nor a reply of a million problems. */
const MOST_PROBLEMS = 100;

function note<C extends Code>(list: Problem[], path: string, code: C, ...args: Given<C>): void {
  if (list.length <= MOST_PROBLEMS) list.push(problem(path, code, ...args));
}

function bounded(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MOST_PROBLEMS) return problems;
  return [...problems.slice(0, MOST_PROBLEMS), problem('', 'more-problems', { count: MOST_PROBLEMS })];
}

interface Notes {
  readonly problems: Problem[];
  readonly warnings: Problem[];
  readonly doubts: Problem[];
}
type Cleaner = (value: unknown, path: string, notes: Notes) => unknown;

const readers = Object.fromEntries(
  Object.entries(OPERATIONS).map(([operation, schema]) => [
    operation,
    createRecordReader(schema, operation.startsWith('dossier.') ? wrongDossierCodes : undefined),
  ]),
) as unknown as Readonly<Record<Operation, (value: unknown) => Read<object>>>;

/**
 * Cleaning a record checks its instants and finds unknown members. A second check by the schema would double the time.
 */
function withoutCleaned(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema, (key, value) =>
      key === 'format' || key === 'additionalProperties' || key === 'absent' ? undefined : value,
    ),
  );
}

function cleanerOf(schema: SchemaNode): Cleaner {
  if (schema.properties) return objectCleaner(schema.properties);
  if (schema.items) return arrayCleaner(cleanerOf(schema.items), schema.maxItems);
  if (schema.clean === 'code')
    return (value, path, notes) => (typeof value === 'string' ? cleanCodeText(value, path, notes) : value);
  if (schema.clean === 'instant')
    return (value, path, notes) => (typeof value === 'string' ? cleanInstant(value, path, notes) : value);
  if (schema.clean === 'text') return textCleaner(schema.maxLength);
  // A value of a closed list. A blank one is absent, like any other text.
  if (schema.enum) return (value) => (typeof value === 'string' ? value.trim() || undefined : value);
  return (value) => (typeof value === 'string' ? value.trim() : value);
}

function objectCleaner(properties: Readonly<Record<string, SchemaNode>>): Cleaner {
  const known = Object.entries(properties).map(([key, schema]) => ({
    key,
    ownPath: `/${key}`,
    clean: cleanerOf(schema),
    nullable: schema.anyOf?.some((option) => option.type === 'null') ?? false,
  }));
  const names = new Set(Object.keys(properties));
  const fill = fillerOf(properties);
  return (value, path, notes) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const given = value as Record<string, unknown>;
    const record: Record<string, unknown> = {};
    for (const { key, ownPath, clean, nullable } of known) {
      const member = Object.hasOwn(given, key) ? given[key] : undefined;
      if (member === undefined || (member === null && !nullable)) continue;
      const cleaned = member === null ? null : clean(member, path === '' ? ownPath : `${path}${ownPath}`, notes);
      if (cleaned !== undefined) record[key] = cleaned;
    }
    for (const key of Object.keys(given)) {
      if (names.has(key)) continue;
      if (notes.problems.length > MOST_PROBLEMS) break;
      notes.problems.push({ path: `${path}/${pointer(key)}`, ...inEnglish(unknownMember(key, names)) });
    }
    return fill?.(record) ?? record;
  };
}

/** Fills in members that senders may leave out, in the order of the schema. Undefined if the schema has none. */
function fillerOf(properties: Readonly<Record<string, SchemaNode>>) {
  const absent = Object.entries(properties).flatMap(([name, { absent }]) => (absent ? [[name, absent] as const] : []));
  if (absent.length === 0) return undefined;
  return (record: Readonly<Record<string, unknown>>): Record<string, unknown> => {
    const whole = { ...record };
    for (const [name, { member, value }] of absent) whole[name] ??= member === undefined ? value : record[member];
    const given = Object.keys(properties).filter((name) => whole[name] !== undefined);
    return Object.fromEntries(given.map((name) => [name, whole[name]]));
  };
}

/** A list that is too long is not read, because it could have millions of items. */
function arrayCleaner(clean: Cleaner, maxItems = Number.POSITIVE_INFINITY): Cleaner {
  return (value, path, notes) => {
    if (!Array.isArray(value)) return value;
    if (value.length <= maxItems) return value.map((item, index) => clean(item, `${path}/${index}`, notes));
    const expected = say('list-up-to', { count: maxItems });
    note(notes.problems, path, 'unexpected', { got: shownValue(path, value), expected });
    return [];
  };
}

function cleanCodeText(value: string, path: string, notes: Notes): string | undefined {
  refuseUnstorable(value, path, notes);
  return cleanCode(value) || undefined;
}

function cleanInstant(value: string, path: string, notes: Notes): string | undefined {
  const text = value.trim();
  if (text === '') return undefined;
  const instant = parseInstant(text);
  if (instant === undefined)
    note(notes.problems, path, 'unexpected', { got: received(text), expected: expectedInstant(text) });
  return instant ?? text;
}

/** A text far above its limit is too long in any encoding, so it is not inspected. */
function textCleaner(maxLength = Number.POSITIVE_INFINITY): Cleaner {
  return (value, path, notes) => {
    if (typeof value !== 'string') return value;
    const long = value.length > 4 * maxLength ? value.trim() : '';
    return long.length > 4 * maxLength ? long : cleanText(value, path, notes);
  };
}

function cleanText(value: string, path: string, notes: Notes): string | undefined {
  refuseUnstorable(value, path, notes);
  const found = inspectText(value);
  if (found.verdict !== 'clean') {
    const args = { got: shownValue(path, value), kind: say(found.kind) };
    if (found.verdict === 'repaired') note(notes.warnings, path, 'repaired-text', args);
    else note(notes.doubts, path, 'doubtful-text', args);
  }
  return found.text.trim() || undefined;
}

function refuseUnstorable(value: string, path: string, notes: Notes): void {
  const reason = unstorable(value);
  if (reason) note(notes.problems, path, 'unstorable-text', { why: reason });
}

/** The date inside a code must be real, which a schema cannot say. */
function wrongDossierCodes(record: Coded): readonly Problem[] {
  return wrongCodes(record, ['code', 'parentCode']);
}

function wrongCodeOfItsDossier(record: Coded): readonly Problem[] {
  return wrongCodes(record, ['dossierCode']);
}

function wrongCodes(record: Coded, members: readonly (keyof Coded)[]): readonly Problem[] {
  return members
    .filter((member) => record[member] !== undefined && !isDossierCode(record[member]))
    .map((member) =>
      problem(`/${member}`, 'unexpected', { got: received(record[member]), expected: say('dossier-code-with-date') }),
    );
}

function codeOf(record: unknown): string | undefined {
  const code = (record as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && code.length <= 100 ? code : undefined;
}
