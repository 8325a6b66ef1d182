import { type Connection, type Exchange, retryAfterMs } from '#kit';
import { type Answer, firstAt, type Failure as MinistryFailure, meaningOf, readDocument } from '#ministry';
import type { Settings } from './settings.ts';

type Reply = Extract<Exchange, { kind: 'reply' }>;

/** Under such codes the settings, and operators, say what an answer means that carries no code of its own. */
export const codeOf = (status: number): string => `http-${status}`;
/** Statuses of servers that stand before the service, or of a wrong address: it has not seen the call. */
const NOT_SEEN = new Set([404, 405, 406, 408, 415, 421, 425, 429, 503]);
/** Where systems say in words what is wrong, after the place that the settings name: RFC 9457, and usual others. */
const WORDS = ['detail', 'message', 'error.message', 'error_description', 'moTa', 'thongBao', 'title', 'error'];

/**
 * What an answer means whose status is no success. What the settings say of its code, or of the status, goes first where
 * the service itself has answered by a document: a wrong address and a proxy have a 404 of their own, which is no "we have
 * nothing of that". A status of the server's side may come after it was done.
 */
export async function meaningOfStatus(
  { settings, codes, now }: Connection<Settings>,
  { status, headers }: Reply,
  text: string | undefined,
  shown: (text: string) => string,
): Promise<Answer | MinistryFailure> {
  const content = await contentOf(text, settings);
  const message = firstAt(content, [settings.answer?.message ?? [], WORDS].flat());
  const saying = message === undefined ? {} : { message };
  const code = content && firstAt(content, settings.answer?.code);
  const isOfOurs = status >= 400 && status < 500 && !NOT_SEEN.has(status) && status !== 401 && status !== 403;
  const told = `status ${status}${message === undefined ? '' : `: ${shown(message)}`}`;
  const wait = retryAfterMs(headers, now());
  for (const one of [code, codeOf(status)]) {
    const means = content && one !== undefined ? meaningOf(settings, codes, one) : undefined;
    if (means === 'busy') return unavailable('busy', `the ministry cannot take it now: ${told}`, wait);
    // Some leave the code of success in what a failure is made of.
    if (means === 'ok' && one === code)
      return {
        kind: 'unknown',
        reason: `status-${status}`,
        message: `its code ${code} says that it was done: ${told}`,
      };
    if (content && one !== undefined && (means || (one === code && isOfOurs)))
      return { content, records: [], code: one, ...saying };
  }
  if (status === 401 || status === 403) return unavailable('credentials', `we are not let in: ${told}`, wait);
  if (status >= 500 && !NOT_SEEN.has(status)) return { kind: 'unknown', reason: `status-${status}`, message: told };
  if (isOfOurs && content) return { kind: 'refused', reason: 'rejected', message: `the ministry refuses it: ${told}` };
  return unavailable(`status-${status}`, told, wait);
}

export const isPage = (text: string): boolean => /^\s*<(?:!doctype\s+html|html)\b/i.test(text);
export const formOf = (text: string): 'xml' | 'json' => (text.trimStart().startsWith('<') ? 'xml' : 'json');

/** The answer where it is a document; a page, or nothing, is none. */
async function contentOf(text: string | undefined, { answer: _, ...unsaid }: Settings): Promise<object | undefined> {
  if (text === undefined || isPage(text)) return undefined;
  const read = await readDocument(text, { form: formOf(text), place: 'body' }, unsaid);
  return 'kind' in read ? undefined : (read.content as object);
}

function unavailable(reason: string, message: string, wait: number | undefined): MinistryFailure {
  return { kind: 'unavailable', reason, message, ...(wait !== undefined && { retryAfterMs: wait }) };
}
