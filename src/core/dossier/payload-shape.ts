import { say, type Words } from '#messages/message';

/** The type of a value. XML elements are texts or objects. */
export type FieldType = 'text' | 'number' | 'boolean' | 'object' | 'list' | 'null';

/** The fields of one payload by path (`data[].MaHoSo`), with their types and one masked value. */
export type Fingerprint = ReadonlyMap<string, { readonly types: ReadonlySet<FieldType>; readonly sample: string }>;

/** The learnt fields of the payloads of one kind, stored as JSON. */
export interface PayloadShape {
  /** The number of payloads it was learnt from. */
  readonly samples: number;
  readonly fields: Readonly<Record<string, KnownField>>;
}

interface KnownField {
  readonly types: readonly FieldType[];
  /** Some payload had the parent object without this field. */
  readonly optional: boolean;
  /** The number of payloads in a row that lack this formerly permanent field. */
  readonly absent: number;
}

/** One difference from the known shape, in words for people, without values. */
export interface Drift {
  readonly path: string;
  readonly kind: 'new' | 'missing' | 'retyped';
  readonly words: Words;
}

export const EMPTY_SHAPE: PayloadShape = { samples: 0, fields: {} };

/** Payloads to learn from before a difference counts. */
export const PAYLOADS_TO_LEARN = 20;
/** Payloads in a row without a formerly permanent field, until it counts as missing. */
export const PAYLOADS_UNTIL_MISSING = 10;
const MOST_FIELDS = 400;
const MOST_ENTRIES = 20;
const DEEPEST = 12;

/**
 * The fields of a payload. A list at the top counts as its entries. Of each list, only the first 20 entries are read.
 *
 * @param isXml a single element is the same as one of several
 */
export function fingerprintOf(payload: unknown, isXml = false): Fingerprint {
  const found = new Map<string, { types: Set<FieldType>; sample: string }>();

  function note(path: string, value: unknown, depth: number): void {
    if (isXml && Array.isArray(value)) {
      for (const entry of value.slice(0, MOST_ENTRIES)) note(path, entry, depth);
      return;
    }
    const known = found.get(path);
    if (known) known.types.add(typeOf(value));
    else if (found.size < MOST_FIELDS) found.set(path, { types: new Set([typeOf(value)]), sample: masked(value) });
    if (depth < DEEPEST) within(path, value, depth + 1);
  }

  function within(path: string, value: unknown, depth: number): void {
    if (Array.isArray(value)) for (const entry of value.slice(0, MOST_ENTRIES)) note(`${path}[]`, entry, depth);
    else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value))
        note(path === '' ? nameOf(name) : `${path}.${nameOf(name)}`, member, depth);
  }

  for (const one of Array.isArray(payload) ? payload.slice(0, MOST_ENTRIES) : [payload]) within('', one, 0);
  return found;
}

/**
 * Cuts a JSON text after the last complete entry of a list and closes it there. Undefined if no entry ends that early.
 */
export function truncateJson(json: string, most: number): string | undefined {
  const { cutAt } = scanned(json, most);
  // Scanned again up to there. Closed at each entry instead, a text nested 100,000 deep would take minutes.
  return cutAt === undefined ? undefined : json.slice(0, cutAt) + scanned(json, cutAt).open.toReversed().join('');
}

/** The closing signs of the objects and lists that are open at a place, and the end of the last list entry before it. */
function scanned(json: string, upTo: number): { readonly open: readonly string[]; readonly cutAt: number | undefined } {
  const open: string[] = [];
  let inText = false;
  let cutAt: number | undefined;
  for (let at = 0; at < Math.min(json.length, upTo); at++) {
    const character = json[at];
    if (inText) {
      if (character === '\\') at++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === '{') open.push('}');
    else if (character === '[') open.push(']');
    else if (character === '}' || character === ']') open.pop();
    else if (character === ',' && open.at(-1) === ']') cutAt = at;
  }
  return { open, cutAt };
}

/**
 * Learns from one payload, and returns the differences from the known shape. Each difference is reported once.
 *
 * @param isPart only the beginning of a large payload was read, so a missing field may be in the rest
 */
export function learnShape(
  known: PayloadShape,
  print: Fingerprint,
  isPart = false,
): { readonly shape: PayloadShape; readonly drifts: readonly Drift[] } {
  const isLearnt = known.samples >= PAYLOADS_TO_LEARN;
  const fields: Record<string, KnownField> = {};
  const drifts: Drift[] = [];
  for (const [path, field] of Object.entries(known.fields)) {
    const seen = print.get(path);
    if (!seen) {
      fields[path] = isPart ? field : countAbsence(field, path, print, isLearnt, drifts);
      continue;
    }
    const added = [...seen.types].filter((type) => !field.types.includes(type));
    const retyped = added.filter((type) => type !== 'null');
    if (isLearnt && retyped.length > 0 && field.types.some((type) => type !== 'null'))
      drifts.push({
        path,
        kind: 'retyped',
        words: say('field-retyped', { path, types: retyped, sample: seen.sample, before: field.types }),
      });
    fields[path] = {
      types: [...field.types, ...added],
      optional: field.optional || field.absent > 0,
      absent: 0,
    };
  }
  for (const [path, { types, sample }] of print) {
    if (Object.hasOwn(known.fields, path)) continue;
    // Reports a new object as a whole, not each of its parts.
    if (isLearnt && isKnown(known, parentOf(path)))
      drifts.push({ path, kind: 'new', words: say('field-new', { path, types: [...types], sample }) });
    fields[path] = { types: [...types], optional: known.samples > 0, absent: 0 };
  }
  return { shape: { samples: known.samples + 1, fields }, drifts };
}

/** Counts a payload without this field, if the payload has the parent. */
function countAbsence(
  field: KnownField,
  path: string,
  print: Fingerprint,
  isLearnt: boolean,
  drifts: Drift[],
): KnownField {
  const parent = parentOf(path);
  // An empty list lacks nothing.
  if (field.optional || path.endsWith('[]') || (parent !== '' && !print.has(parent))) return field;
  if (!isLearnt) return { ...field, optional: true };
  if (field.absent + 1 < PAYLOADS_UNTIL_MISSING) return { ...field, absent: field.absent + 1 };
  drifts.push({
    path,
    kind: 'missing',
    words: say('field-gone', { path, count: PAYLOADS_UNTIL_MISSING }),
  });
  return { ...field, optional: true, absent: 0 };
}

function isKnown({ fields }: PayloadShape, path: string): boolean {
  return path === '' || Object.hasOwn(fields, path);
}

function parentOf(path: string): string {
  if (path.endsWith('[]')) return path.slice(0, -2);
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

/** Keys that look like values, such as codes and dates, count as one field. */
function nameOf(name: string): string {
  const isValue =
    /\d{4}|^\d|[^\p{L}\p{N}_$@#:-]/u.test(name) || name.length > 60 || name === '' || name === '__proto__';
  return isValue ? '*' : name;
}

function typeOf(value: unknown): FieldType {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'object')
    return typeof value as FieldType;
  return 'text';
}

const SHOWN = 24;

/** The form of a value without its content: `Nguyễn Văn An` gives `Aaaaaa Aaa Aa`, `0900000001` gives `9999999999`. */
function masked(value: unknown): string {
  if (typeof value === 'object') return value === null ? 'null' : Array.isArray(value) ? '[…]' : '{…}';
  if (typeof value === 'boolean') return 'true or false';
  const text = String(value).slice(0, SHOWN);
  const form = text
    .replace(/\p{Lu}/gu, 'A')
    .replace(/[\p{Ll}\p{Lo}\p{M}]/gu, 'a')
    .replace(/\p{N}/gu, '9');
  return typeof value === 'number' ? form : JSON.stringify(form);
}
