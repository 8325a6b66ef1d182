import { DEEPEST_JSON, isTooDeep, parseExactly } from '#core/exact-json';
import { type Sentence, say, type TextOrWords } from '#messages/message';
import { sentenceOf } from '#messages/render';
import { textOf } from '../kit/replies.ts';
import { nodesAt, readXml, textAt } from '../kit/xml/read-xml.ts';
import { xmlRecords } from '../kit/xml/records.ts';
import { parts, XmlProblem } from '../kit/xml/text.ts';
import type { MinistrySettings } from './settings.ts';

/** The ministry's answer to one call. */
export interface Answer {
  /** The parsed document. XML records are left out, because they are read one by one. */
  readonly content: unknown;
  /** The records as texts, unchanged. */
  readonly records: readonly string[];
  /** The answer's own code and words, if the settings name their places. */
  readonly code?: string;
  readonly message?: string | undefined;
  /** When the ministry wants the next call, if it says so beside its code. */
  readonly retryAfterMs?: number | undefined;
}

/** Why a reply counts as no answer. The call may have been carried out. */
export interface NoAnswer extends Sentence {
  readonly kind: 'no-answer';
  readonly reason: string;
  /** The document, where only its code is missing. */
  readonly content?: unknown;
}

/** No element and no member has this name, so no records are searched. */
export const NO_RECORDS = '-';
/** The path of an answer that is itself the record. */
const WHOLE_ANSWER = '.';

/**
 * Reads a document, either a whole answer or a text within one: its content, code and records. XML is read in slices
 * that yield the event loop. JSON is parsed at once (20 MB in 0.2 s).
 *
 * @param place which part of the answer it is, in words: `its …`
 * @param records the path of the records
 */
export async function readDocument(
  text: string,
  {
    form,
    place,
    records = NO_RECORDS,
  }: { readonly form: 'xml' | 'json'; readonly place: string; readonly records?: string | undefined },
  settings: MinistrySettings,
): Promise<Answer | NoAnswer> {
  if (text.trim() === '') return noAnswer('empty', say('place-empty', { path: place }));
  try {
    if (form === 'json') {
      if (isTooDeep(text)) throw new XmlProblem('too-deep', say('too-deep', { count: DEEPEST_JSON }));
      return jsonAnswer(parseExactly(text), place, records, settings);
    }
    const found: string[] = [];
    const path = records === WHOLE_ANSWER ? [NO_RECORDS] : records.split('.');
    const reader = xmlRecords(parts(text.trim()), { path });
    for (;;) {
      const { done, value } = await reader.next();
      if (done) return withCode(settings, readXml(value), records === WHOLE_ANSWER ? [rootIn(value)] : found);
      found.push(value);
    }
  } catch (error) {
    if (error instanceof XmlProblem)
      return noAnswer(error.reason, say('in-its-place', { path: place, why: error.words }));
    if (error instanceof SyntaxError) return noAnswer('broken', say('place-not-json', { path: place }));
    throw error;
  }
}

/** Parses one record, for paths to select from. */
export function recordIn(text: string): unknown {
  return text.startsWith('<') ? nodesAt(readXml(text), '*')[0] : JSON.parse(text);
}

const rootIn = (document: string): string => document.replace(/^<\?xml[^>]*\?>\s*/, '');

/** Reads a JSON answer. A list that is the whole answer gets the name `list`, so that a path can name it. */
function jsonAnswer(given: unknown, place: string, records: string, settings: MinistrySettings): Answer | NoAnswer {
  if (typeof given !== 'object' || given === null) return noAnswer('broken', say('bare-value', { path: place }));
  const content = Array.isArray(given) ? { list: given } : given;
  const found = records === WHOLE_ANSWER ? nodesAt(given, '') : nodesAt(content, records);
  // Some systems send an empty text, an empty object or false for an empty list.
  const isNone = found.length === 1 && !says(found[0]);
  return withCode(settings, content, isNone ? [] : found.map((record) => JSON.stringify(record)));
}

/** How deep a list is searched for outside the configured path. */
const DEEPEST_LIST = 5;

/** Fails if the list is missing at the configured path and another list exists. Such an answer is not empty. */
export function notElsewhere(answer: Answer, records: string | undefined): Answer | NoAnswer {
  if (records === undefined || answer.records.length > 0 || hasAt(answer.content, records)) return answer;
  const other = listIn(answer.content);
  return other === undefined ? answer : noAnswer('no-records', say('list-elsewhere', { path: records, other }));
}

/** The path of the first list of objects. */
function listIn(node: unknown, path: readonly string[] = []): string | undefined {
  if (typeof node !== 'object' || node === null || path.length > DEEPEST_LIST) return undefined;
  if (Array.isArray(node)) return node.some((one) => typeof one === 'object' && one) ? path.join('.') : undefined;
  for (const [name, inner] of Object.entries(node)) {
    const found = listIn(inner, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The path of the element or object around. */
export const pathAbove = (path: string): string => path.split('.').slice(0, -1).join('.');

/** Whether the path exists, even with an empty list. */
export function hasAt(content: unknown, path: string): boolean {
  const last = path.slice(path.lastIndexOf('.') + 1);
  return nodesAt(content, pathAbove(path)).some(
    (node) => typeof node === 'object' && node !== null && (last === '*' || Object.hasOwn(node, last)),
  );
}

function says(node: unknown): boolean {
  return typeof node === 'object' && node !== null
    ? Object.keys(node).length > 0
    : node !== false && textOf(node) !== undefined;
}

/** Longer elements are records. */
const LONGEST_BLANK = 500;

/** The records without elements that are nil, as .NET sends absent entries, and without the empty element of an empty list. */
function withoutBlanks(records: readonly string[]): readonly string[] {
  const left = records.filter((text) => !/^(?:true|1)$/.test(textAt(shortXml(text), '@nil') ?? ''));
  const [only = ''] = left;
  const element = left.length === 1 ? shortXml(only) : undefined;
  return typeof element === 'string' && element.trim() === '' ? [] : left;
}

/** A record that may be blank. Undefined for JSON and for longer records. */
function shortXml(text: string): unknown {
  return text.startsWith('<') && text.length <= LONGEST_BLANK ? recordIn(text) : undefined;
}

/** Adds the code and words that the settings find in an answer. */
export function withCode({ answer }: MinistrySettings, content: unknown, given: readonly string[]): Answer | NoAnswer {
  const records = withoutBlanks(given);
  if (answer?.code === undefined) return { content, records };
  const text = firstAt(content, answer.code);
  if (text === undefined)
    return {
      ...noAnswer('no-code', say('no-verdict', { path: say('any-of', { alternatives: [answer.code].flat() }) })),
      content,
    };
  const message = firstAt(content, answer.message);
  return { content, records, code: codeIn(text, answer.pattern), message };
}

const LONGEST_CODE_TEXT = 1_000;

/** The part of a text that is the code, such as `OK` of `OK:01;AA/25E-7`. */
function codeIn(text: string, pattern: string | undefined): string {
  const found = pattern === undefined ? null : new RegExp(pattern).exec(text.slice(0, LONGEST_CODE_TEXT));
  return found?.[1] ?? text;
}

/** The first text at one of the paths. `a+b` is the texts of both, with `+` between them. */
export function firstAt(content: unknown, paths: string | readonly string[] = []): string | undefined {
  return [paths].flat().flatMap((path) => joinedAt(content, path) ?? [])[0];
}

/** Undefined if none of the parts is there. A part that is missing is empty. */
function joinedAt(content: unknown, path: string): string | undefined {
  const found = path.split('+').map((part) => textAt(content, part));
  return found.every((text) => text === undefined) ? undefined : found.map((text) => text ?? '').join('+');
}

export function noAnswer(reason: string, said: TextOrWords): NoAnswer {
  return { kind: 'no-answer', reason, ...sentenceOf(said) };
}
