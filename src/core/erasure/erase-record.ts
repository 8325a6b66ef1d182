import { Progress } from '#schemas/dossier.progress.v1';
import { Dossier } from '#schemas/dossier.upsert.v1';
import type { SchemaNode } from '../explain.ts';
import { mayBeWritten } from '../masking/masked-record.ts';
import { createMentions, type Person } from '../masking/mentions.ts';
import type { Kind, KindRecord } from '../records/kind.ts';

/** Takes the place of a text that a record must have. */
const ERASED_TEXT = '(đã xóa)';

/** Erases personal data from the records of one dossier, or of one record of a kind. */
export interface Eraser {
  dossier(record: Dossier): Dossier;
  step(step: Progress): Progress;
  record(kind: Kind, record: KindRecord): KindRecord;
}

/** Takes the place of a value of which reports count that it is there. */
const ERASED_VALUE = '-';
const COUNTED: ReadonlySet<string> = new Set(['results/code', 'results/url']);
/** Hashes of files that may be about the people. */
const OF_FILES: ReadonlySet<string> = new Set(['documents/file', 'results/file']);

/** The officer and the office that acted. */
const OF_STEPS = ['actor', 'title', 'unit'];

/** Texts without personal data, by their path: names of the catalogue and of offices, codes that counting needs. */
const KEPT: ReadonlySet<string> = new Set([
  'serviceName',
  'fieldName',
  'agencyName',
  'processingUnit',
  'databases',
  'aliases/party',
  'aliases/code',
  'documents/componentCode',
  'fees/code',
  'fees/name',
  'supplements/id',
  ...OF_STEPS,
  // Of records of kinds.
  'answers/id',
  'answers/unit',
  'steps/status',
  'items/code',
  'items/name',
]);

/**
 * Keeps what counts: codes, states, dates, amounts, offices. Drops the people, the texts and the addresses of files.
 * The rest follows from the schemas, so that a new member with a free text is erased too.
 *
 * @param people whom the record ever named: a kept text that mentions one of them goes too
 * @param areAll whether nobody else was ever named. Otherwise the texts of steps go, because they may mention others
 */
export function createEraser(people: readonly Person[], areAll = true): Eraser {
  const { mask } = createMentions(people);
  const isKept = (path: string): boolean => KEPT.has(path) && (areAll || !OF_STEPS.includes(path));
  return eraserWith({
    isGone: () => true,
    isFixed: (path) => !COUNTED.has(path) && !OF_FILES.has(path),
    textAt: (text, path) =>
      COUNTED.has(path) ? ERASED_VALUE : isKept(path) && mask(text, true) === text ? text : undefined,
  });
}

/**
 * Hides some people in the records of others: drops them where they are a person of the record, and hides every mention
 * of them. The other people and all other texts stay.
 *
 * @param isGone whether a person of the record is one of them
 */
export function createHider(people: readonly Person[], isGone: (person: Person) => boolean): Eraser {
  const { mask } = createMentions(people, hideText);
  return eraserWith({ isGone, isFixed: () => true, textAt: (text) => mask(text) });
}

/** Letters become x, digits 1, so that a reader still finds the form of the text. */
export function hideText(text: string): string {
  return text.replace(/\p{N}/gu, '1').replace(/[\p{L}\p{M}]/gu, 'x');
}

/** What an eraser drops, keeps and changes. */
interface Rules {
  /** Whether this person of the record goes. Others stay whole. */
  isGone(person: Person): boolean;
  /** Whether values that hold no free text stay at this path. */
  isFixed(path: string): boolean;
  /** The text that stays at a path; undefined drops it. */
  textAt(text: string, path: string): string | undefined;
}

function eraserWith(rules: Rules): Eraser {
  const erase = (record: object, schema: unknown, people: readonly string[]): object =>
    erased(record, schema as SchemaNode, { rules, people }, '');
  return {
    dossier: (record) => erase(record, Dossier, ['applicant']) as Dossier,
    step: (step) => erase(step, Progress, []) as Progress,
    record: (kind, record) => erase(record, kind.schema, kind.people) as KindRecord,
  };
}

interface Erasing {
  readonly rules: Rules;
  readonly people: readonly string[];
}

type Required = SchemaNode & { readonly required?: readonly string[] };

function erased(record: object, schema: Required, erasing: Erasing, under: string): object {
  const { properties = {}, required = [] } = schema;
  const left = Object.entries(record).flatMap(([name, value]) => {
    const node = properties[name];
    const path = `${under}${name}`;
    if (node === undefined) return [];
    if (under === '' && erasing.people.includes(name))
      return erasing.rules.isGone(value as Person) ? [] : [[name, value]];
    const kept = erasedMember(value, node.items ?? node, erasing, path);
    if (kept !== undefined) return [[name, kept]];
    return required.includes(name) ? [[name, ERASED_TEXT]] : [];
  });
  return Object.fromEntries(left);
}

/** A member without personal data; undefined drops the member. */
function erasedMember(value: unknown, node: SchemaNode, erasing: Erasing, path: string): unknown {
  const { rules } = erasing;
  if (node.properties)
    return Array.isArray(value)
      ? value.map((one) => erased(one as object, node, erasing, `${path}/`))
      : erased(value as object, node, erasing, `${path}/`);
  // The key of a record of a kind.
  if (path === 'code' || (!mayBeWritten(node) && rules.isFixed(path))) return value;
  if (Array.isArray(value)) return value.flatMap((text) => rules.textAt(String(text), path) ?? []);
  return rules.textAt(String(value), path);
}
