import { type Connection, type Reply, refused, retryAfterMs, say, unavailable, unknown } from '#kit';
import { type Answer, firstAt, type Failure as MinistryFailure, meaningOf, readDocument } from '#ministry';
import type { Settings } from './settings.ts';

/** The code of an HTTP status, under which settings and operators give it a meaning. */
export const codeOf = (status: number): string => `http-${status}`;
/** Statuses of servers in front of the service, or of a wrong address. The service has not seen the call. */
const NOT_SEEN = new Set([404, 405, 406, 408, 415, 421, 425, 429, 503]);
/** Where systems usually put error texts, tried after the configured path: RFC 9457 and common others. */
const WORDS = ['detail', 'message', 'error.message', 'error_description', 'moTa', 'thongBao', 'title', 'error'];

/**
 * What an answer without a success status means. The settings' meaning of its code or status counts first, if the
 * service itself answered with a document. A wrong address or a proxy also sends 404, which does not mean that the
 * ministry lacks the record. After a 5xx status the call may have been carried out.
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
  const isOfService = status >= 400 && status < 500 && !NOT_SEEN.has(status) && status !== 401 && status !== 403;
  const told = message === undefined ? say('status', { status }) : say('status-said', { status, said: shown(message) });
  const wait = retryAfterMs(headers, now());
  for (const one of [code, codeOf(status)]) {
    const means =
      content && one !== undefined ? meaningOf(settings, codes, one, one === code ? message : undefined) : undefined;
    if (means === 'busy') return unavailable('busy', say('ministry-busy', { why: told }), wait);
    // Some systems leave the success code in the body of a failure.
    if (means === 'ok' && one === code)
      return unknown(`status-${status}`, say('done-by-code', { code: one ?? '', why: told }));
    if (content && one !== undefined && (means || (one === code && isOfService)))
      return { content, records: [], code: one, ...saying };
  }
  if (status === 401 || status === 403) return unavailable('credentials', say('not-let-in', { why: told }), wait);
  if (status >= 500 && !NOT_SEEN.has(status)) return unknown(`status-${status}`, told);
  if (isOfService && content) return refused('rejected', say('ministry-refuses', { why: told }));
  return unavailable(`status-${status}`, told, wait);
}

export const isPage = (text: string): boolean => /^\s*<(?:!doctype\s+html|html)\b/i.test(text);
export const formOf = (text: string): 'xml' | 'json' => (text.trimStart().startsWith('<') ? 'xml' : 'json');

/** The content of an error, if it is a document. An HTML page or an empty body is not. */
async function contentOf(text: string | undefined, { answer: _, ...unsaid }: Settings): Promise<object | undefined> {
  if (text === undefined || isPage(text)) return undefined;
  const read = await readDocument(text, { form: formOf(text), place: 'body' }, unsaid);
  return 'kind' in read ? undefined : (read.content as object);
}
