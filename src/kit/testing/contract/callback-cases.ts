import type { Item } from '#core/dossier/item';
import { type TextOrWords, wordsOf } from '#messages/message';
import { inEnglish, sentenceOf } from '#messages/render';
import { callbacksOf } from '../../adapter.ts';
import type { Callback, CallbackResult } from '../../callback.ts';
import { type HttpText, parsed, parseHttpText } from './http-text.ts';
import { asSentences } from './sentences.ts';
import type { ContractOptions, Vitest } from './subject.ts';

/** The four files of a case. */
interface CallbackCase {
  /** The name of the callback, and settings for this case. */
  readonly message: string;
  /** The partner's requests. */
  readonly requests: string;
  /** The expected replies, while the hub stores nothing else. */
  readonly replies: string;
  /** The expected items, or the reason of the refusal. */
  readonly expected: string;
}

interface Message {
  readonly callback: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly now?: string;
}

/** Checks, reads and answers the partner's requests. All of it is pure and needs no server. */
export function playCallback(options: ContractOptions, expect: Vitest['expect'], files: CallbackCase): void {
  const held = JSON.parse(files.message) as Message;
  const connection = options.connect('http://127.0.0.1:9', { settings: held.settings });
  connection.close();
  const { settings, codes } = connection;
  const callback = callbacksOf(options.adapter, settings)[held.callback] as Callback<unknown>;
  const [request] = parseHttpText(files.requests) as [HttpText];
  const [reply] = parseHttpText(files.replies) as [HttpText];
  const body = Buffer.from(request.body);
  const nowMs = Date.parse(held.now ?? '2025-08-13T10:00:00+07:00');
  const { pathname, searchParams: query } = new URL(request.start.split(' ')[1] ?? '', 'http://hub.example');
  const key = callback.hasKeyInPath ? pathname.split(`/${held.callback}/`)[1] : undefined;
  const asked = { headers: new Headers({ ...request.headers }), body, nowMs, query, key };
  const refused = callback.check(asked, settings);
  const items = refused === undefined ? callback.read?.(body, settings, codes) : [];
  const found = items ? { items: asSentences(items) } : { answered: true };
  expect(refused === undefined ? found : { refused: sentenceOf(refused).message }).toEqual(JSON.parse(files.expected));
  const { mediaType = 'application/json', ...told } =
    callback.answer && refused === undefined
      ? callback.answer(asked, settings)
      : callback.reply(resultOf(refused, items ?? []), settings, body);
  expect({ ...told, mediaType }).toEqual({
    status: Number(reply.start.split(' ')[1]),
    body: parsed(reply.body),
    mediaType: reply.headers['content-type'],
  });
}

function resultOf(refused: TextOrWords | undefined, items: readonly Item[]): CallbackResult {
  if (refused !== undefined)
    return { kind: 'refused', status: 401, problems: [{ path: '', ...inEnglish(wordsOf(refused)) }] };
  const problems = items.flatMap((item) => (item.kind === 'invalid' ? item.problems : []));
  if (problems.length > 0) return { kind: 'invalid', status: 422, problems, receipt: 'a-receipt' };
  return { kind: 'held', status: 200, problems, receipt: 'a-receipt' };
}
