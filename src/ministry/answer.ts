import { textOf } from '../kit/replies.ts';
import { nodesAt, readXml, textAt } from '../kit/xml/read-xml.ts';
import { xmlRecords } from '../kit/xml/records.ts';
import { parts, XmlProblem } from '../kit/xml/text.ts';
import type { MinistrySettings } from './settings.ts';

/** What the ministry answered. */
export interface Answer {
  /** What it is made of; without the records where they are XML. */
  readonly content: unknown;
  /** As they stand there. */
  readonly records: readonly string[];
  /** What it says of itself: a code and words, where the settings name them. */
  readonly code?: string;
  readonly message?: string;
  /** When it wants to be asked again, where it says so beside its code. */
  readonly retryAfterMs?: number;
}

/** Why an answer is none: it may have been done all the same. */
export interface NoAnswer {
  readonly kind: 'no-answer';
  readonly reason: string;
  readonly message: string;
}

/** No element and no member has this name: no records are looked for. */
export const NO_RECORDS = '-';
/** The answer itself is the record. */
const WHOLE_ANSWER = '.';

/**
 * Read a document, as a whole answer or as a text within one: what the ministry means by it, and the records in it. (An XML
 * document is gone through in turns; JSON is read at once, 20 MB in 0.2 s.)
 *
 * @param place what it is of the answer, in words: `its …`
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
  if (text.trim() === '') return noAnswer('empty', `its ${place} is empty`);
  try {
    if (form === 'json') return jsonAnswer(parseJson(text), place, records, settings);
    const found: string[] = [];
    const path = records === WHOLE_ANSWER ? [NO_RECORDS] : records.split('.');
    const reader = xmlRecords(parts(text.trim()), { path });
    for (;;) {
      const { done, value } = await reader.next();
      if (done) return withCode(settings, readXml(value), records === WHOLE_ANSWER ? [rootIn(value)] : found);
      found.push(value);
    }
  } catch (error) {
    if (error instanceof XmlProblem) return noAnswer(error.reason, `its ${place}: ${error.message}`);
    if (error instanceof SyntaxError) return noAnswer('broken', `its ${place} is not JSON`);
    throw error;
  }
}

/** One record, as what paths are looked up in. */
export function recordIn(text: string): unknown {
  return text.startsWith('<') ? nodesAt(readXml(text), '*')[0] : JSON.parse(text);
}

const rootIn = (document: string): string => document.replace(/^<\?xml[^>]*\?>\s*/, '');

/** JSON, with each number that JSON.parse would change as the text that it is written as. */
function parseJson(text: string): unknown {
  // First: what is no JSON is not looked through any further.
  const value: unknown = JSON.parse(text);
  return /\d[\d.]{15}|\d[eE]\+?\d{3}/.test(text) ? JSON.parse(withExactNumbers(text)) : value;
}

/** By its quotes and not by a pattern: one for texts goes over a partner's long ones without end, or beyond its stack. */
function withExactNumbers(json: string): string {
  const written: string[] = [];
  for (let at = 0; at < json.length; ) {
    const begin = json.indexOf('"', at);
    written.push(json.slice(at, begin < 0 ? json.length : begin).replace(NUMBER, exact));
    if (begin < 0) break;
    at = endOfText(json, begin);
    written.push(json.slice(begin, at));
  }
  return written.join('');
}

/** Behind the quote that ends the text which begins there: the first with an even number of backslashes before it. */
function endOfText(json: string, begin: number): number {
  for (let end = json.indexOf('"', begin + 1); ; end = json.indexOf('"', end + 1)) {
    let before = end - 1;
    while (json[before] === '\\') before--;
    if ((end - before) % 2 === 1) return end + 1;
  }
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function exact(token: string): string {
  const digits = token.replace(/[eE].*/, '').replace(/\D/g, '').length;
  const isKept = Number.isFinite(Number(token)) && (digits <= 15 || String(Number(token)) === token);
  return isKept ? token : `"${token}"`;
}

/** A list that is the whole answer stands under the name `list`, so that a path can name it. */
function jsonAnswer(given: unknown, place: string, records: string, settings: MinistrySettings): Answer | NoAnswer {
  if (typeof given !== 'object' || given === null) return noAnswer('broken', `its ${place} is a bare value`);
  const content = Array.isArray(given) ? { list: given } : given;
  const found = records === WHOLE_ANSWER ? nodesAt(given, '') : nodesAt(content, records);
  // Some have an empty text, an empty object or false where there is no list.
  const isNone = found.length === 1 && !says(found[0]);
  return withCode(settings, content, isNone ? [] : found.map((record) => JSON.stringify(record)));
}

function says(node: unknown): boolean {
  return typeof node === 'object' && node !== null
    ? Object.keys(node).length > 0
    : node !== false && textOf(node) !== undefined;
}

/** An answer, with what it says of itself by the settings. */
export function withCode(
  { answer }: MinistrySettings,
  content: unknown,
  records: readonly string[],
): Answer | NoAnswer {
  if (answer?.code === undefined) return { content, records };
  const code = firstAt(content, answer.code);
  if (code === undefined)
    return noAnswer('no-code', `it has no ${[answer.code].flat().join(' or ')}, which says whether it was done`);
  const message = firstAt(content, answer.message);
  return { content, records, code, ...(message !== undefined && { message }) };
}

export function firstAt(content: unknown, paths: string | readonly string[] = []): string | undefined {
  return [paths].flat().flatMap((path) => textAt(content, path) ?? [])[0];
}

export function noAnswer(reason: string, message: string): NoAnswer {
  return { kind: 'no-answer', reason, message };
}
