import { type Cause, type Problem, problem } from '#core/problem';
import type { FileText } from '../kit/files.ts';
import { nodesAt, textAt, textIn } from '../kit/xml/read-xml.ts';
import { type Conversion, convert, type LongField, sumOf } from './convert.ts';
import type { Fields } from './settings.ts';

/** The direction and the codes for filling a table of fields. */
export type FillOptions = Pick<Conversion, 'settings' | 'codes' | 'way'>;

export type Value = string | number | boolean | null | FileText | readonly Value[] | Built;
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

/** One filling: its options, and what it notes. */
interface Filling extends Conversion {
  readonly assumed: string[];
}

/**
 * Fills a table of fields.
 *
 *     fields  { status: { from: 'trangThai', codes: 'status' }, 'applicant.name': 'chuHoSo' }
 *     given   { trangThai: '4', chuHoSo: 'Nguyễn Văn An' }
 *     record  { status: 'processing', applicant: { name: 'Nguyễn Văn An' } }
 *
 * @param given the source of the values
 * @param place the JSON Pointer of `given`, for problems
 */
export function fill(fields: Fields, given: unknown, { settings, codes, way }: FillOptions, place = ''): Filled {
  const filling: Filling = { settings, codes, way, problems: [], causes: [], assumed: [] };
  const record = recordOf(fields, given, place, filling);
  const { problems, causes, assumed } = filling;
  return { record, problems, causes, assumed };
}

function recordOf(fields: Fields, given: unknown, place: string, filling: Filling): Built {
  const record: Built = {};
  for (const [target, short] of Object.entries(fields)) {
    const field: LongField = typeof short === 'string' ? { from: short } : short;
    const source = field.of === undefined ? given : wantedOf(nodesAt(given, field.of), field.where);
    const here = field.of === undefined ? place : placeAt(place, field.of);
    const value = filledBy(field, source, here, filling);
    if (value === undefined) continue;
    setMember(record, target.split('.'), value);
    if (field.value !== undefined && field.each === undefined && !hasValue(field, source)) filling.assumed.push(target);
  }
  return record;
}

/** A path of settings has dots; `.` and the empty path are the place itself. */
function placeAt(place: string, path: string): string {
  return path === '' || path === '.' ? place : `${place}/${path.replaceAll('.', '/')}`;
}

function filledBy(field: LongField, given: unknown, place: string, filling: Filling): Value | undefined {
  if (field.template !== undefined) return templateText(field, given, place, filling);
  return field.each === undefined ? oneValue(field, given, place, filling) : listOf(field, given, place, filling);
}

/** The value of the first path with a text. Without one, the settings' `value`. */
function oneValue(field: LongField, given: unknown, place: string, filling: Filling): Value | undefined {
  for (const path of [field.from ?? []].flat()) {
    const texts = nodesAt(given, path).flatMap((node) => textIn(node) ?? []);
    const [text] = texts;
    if (text === undefined) continue;
    const here = placeAt(place, path);
    if (field.as === 'sum') return sumOf(texts, here, filling);
    if (texts.length === 1) return convert(field, text, here, filling);
    if (field.join !== undefined) return convert(field, texts.join(field.join), here, filling);
    filling.problems.push(problem(here, 'repeated-element', { count: texts.length }));
    return undefined;
  }
  return constantOf(field, place, filling);
}

function constantOf({ value, as }: LongField, place: string, filling: Filling): Value | undefined {
  // In a request null becomes a nil element. In a record it means nothing.
  if (filling.way === 'read') return value ?? undefined;
  // A constant of a request is a text too, unless the settings say what it is.
  const isTyped = as === 'number' || as === 'boolean';
  return isTyped && typeof value === 'string' ? convert({ as }, value, place, filling) : value;
}

function listOf(field: LongField, given: unknown, place: string, filling: Filling): Value | undefined {
  const { each = '', fields, ...leaf } = field;
  // .NET sends an absent entry as a nil element.
  const all = nodesAt(given, each === '.' ? '' : each).filter((node) =>
    isElement(node) ? !isNil(node) : textIn(node) !== undefined,
  );
  const nodes = field.of === undefined ? wantedOf(all, field.where) : all;
  const items = nodes.flatMap((node, at): Value[] => {
    const here = each === '.' ? place : `${placeAt(place, each)}/${at}`;
    if (fields) return [recordOf(fields, node, here, { ...filling, assumed: [] })];
    const value = oneValue({ ...leaf, from: leaf.from ?? '' }, node, here, filling);
    return value === undefined ? [] : [value];
  });
  return items.length > 0 ? items : undefined;
}

const isElement = (node: unknown): node is object => typeof node === 'object' && node !== null;

function isNil(element: object): boolean {
  const { '@nil': nil } = element as Readonly<Record<string, unknown>>;
  return nil === 'true' || nil === '1';
}

/** The names in the braces of a template. */
export const TEMPLATE_NAME = /\{([^{}]+)\}/g;

/** A sentence with values in it. One without a value would be no sentence, so it is a problem. */
function templateText(
  { template = '', fields = {} }: LongField,
  given: unknown,
  place: string,
  filling: Filling,
): string | undefined {
  const { problems } = filling;
  const before = problems.length;
  const record = recordOf(fields, given, place, filling);
  const text = template.replace(TEMPLATE_NAME, (_, name: string) => {
    const value = textAt(record, name);
    if (value === undefined && problems.length === before)
      problems.push(problem(place, 'template-lacks-value', { name }));
    return value ?? '';
  });
  return problems.length > before ? undefined : text;
}

/** The elements whose members have the texts of `where`. */
function wantedOf(nodes: readonly unknown[], where: LongField['where'] = {}): readonly unknown[] {
  const wanted = Object.entries(where);
  return nodes.filter((node) =>
    wanted.every(([path, texts]) => nodesAt(node, path).some((one) => [texts].flat().includes(textIn(one) ?? ''))),
  );
}

function hasValue({ from = [] }: LongField, given: unknown): boolean {
  return [from].flat().some((path) => nodesAt(given, path).some((node) => textIn(node) !== undefined));
}

/** The text of an element that also has attributes or children. */
export const TEXT = '#text';

/** Sets a member by its path and creates the objects in between. The settings may list targets in any order. */
export function setMember(record: Built, [name, ...rest]: readonly string[], value: Value): void {
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

export function isBuilt(value: Value | undefined): value is Built {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
