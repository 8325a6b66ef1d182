import { nodesAt, type Picking, parts, readXml, type SoapResult, textAt, XmlProblem, xmlRecords } from '#kit';
import type { Question, Settings } from './settings.ts';

/** What the ministry answered. */
export interface Answer {
  /** The Body's elements, or the document in the result's text; without the records. */
  readonly content: unknown;
  /** As they stand there. */
  readonly records: readonly string[];
  /** What it says of itself: a code and words, where the settings name them. */
  readonly code?: string;
  readonly message?: string;
}

/** Why an answer is none: it may have been done all the same. */
export interface NoAnswer {
  readonly kind: 'no-answer';
  readonly reason: string;
  readonly message: string;
}

type SoapAnswer = Extract<SoapResult, { kind: 'answer' }>;
const LARGEST_TEXT = 64 * 1024 * 1024;
const NOWHERE = '-';

/** What is picked out of the Body for a question: records, or the text in which they are. */
export function pickingOf({ result }: Pick<Question, 'result'>, records = NOWHERE): Picking {
  return result ? { path: result.at, as: 'text', maxRecord: LARGEST_TEXT } : { path: records };
}

/** Read what the ministry means: its code, its words, and the records. */
export async function readAnswer(
  { body, picked }: SoapAnswer,
  { result }: Pick<Question, 'result'>,
  settings: Settings,
  records = NOWHERE,
): Promise<Answer | NoAnswer> {
  if (!result) {
    const isEmpty = nodesAt(body, '*').length === 0 && Object.keys(body).every((name) => /^[@#]/.test(name));
    if (isEmpty && picked.length === 0) return noAnswer('empty', 'its envelope is empty');
    return coded(settings, body, picked);
  }
  const text = picked[0]?.trim() ?? '';
  if (text === '') return noAnswer('empty', `its ${result.at} is empty`);
  try {
    if (result.form === 'json') return jsonAnswer(settings, JSON.parse(text), records);
    const found: string[] = [];
    const reader = xmlRecords(parts(text), { path: records.split('.') });
    for (;;) {
      const { done, value } = await reader.next();
      if (done) return coded(settings, readXml(value), found);
      found.push(value);
    }
  } catch (error) {
    if (error instanceof XmlProblem) return noAnswer(error.reason, `the document in ${result.at}: ${error.message}`);
    if (error instanceof SyntaxError) return noAnswer('broken', `what is in ${result.at} is not JSON`);
    throw error;
  }
}

/** One record, as what paths are looked up in. */
export function recordIn(text: string): unknown {
  return text.startsWith('<') ? nodesAt(readXml(text), '*')[0] : JSON.parse(text);
}

function jsonAnswer(settings: Settings, value: unknown, records: string): Answer | NoAnswer {
  if (typeof value !== 'object' || value === null) return noAnswer('broken', 'its JSON is a bare value');
  return coded(
    settings,
    value,
    nodesAt(value, records).map((record) => JSON.stringify(record)),
  );
}

function coded({ answer }: Settings, content: unknown, records: readonly string[]): Answer | NoAnswer {
  if (!answer) return { content, records };
  const code = firstAt(content, answer.code);
  if (code === undefined)
    return noAnswer('no-code', `it has no ${[answer.code].flat().join(' or ')}, which says whether it was done`);
  const message = firstAt(content, answer.message);
  return { content, records, code, ...(message !== undefined && { message }) };
}

function firstAt(content: unknown, paths: string | readonly string[] = []): string | undefined {
  return [paths].flat().flatMap((path) => textAt(content, path) ?? [])[0];
}

function noAnswer(reason: string, message: string): NoAnswer {
  return { kind: 'no-answer', reason, message };
}
