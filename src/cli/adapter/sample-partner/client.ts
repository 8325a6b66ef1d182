import {
  type Connection,
  delivered,
  type Exchange,
  jsonObject,
  type Outcome,
  type Outgoing,
  outcomeWithoutReply,
  partnerText,
  refused,
  retryAfterMs,
  say,
  sentenceOf,
  type TextOrWords,
  textOf,
  textOrWordsOf,
  unavailable,
  unknown,
  type Words,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Answer, SentFields } from './mapping.ts';
import type { Settings } from './settings.ts';

export type Partner = Connection<Settings>;
type Reply = Extract<Exchange, { kind: 'reply' }>;

/** The request brought no answer. A read changes nothing, so the hub may retry it. */
export interface Failed {
  readonly kind: 'failed';
  readonly outcome: Extract<Outcome, { kind: 'unavailable' }>;
}

/** Sends one item to the partner and returns the outcome. */
export async function send(partner: Partner, item: Outgoing, path: string, told: SentFields): Promise<Outcome> {
  const exchange = await call(partner, 'POST', path, told);
  if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
  const { status, body } = exchange;
  if (status >= 300) return outcomeOf(partner, exchange, item.dossier);
  const answer = jsonObject(body);
  // Decide: which part of its answer shows that the partner took this very item. A status alone does not: a maintenance page, a
  // proxy or an empty answer has it too. Until then the outcome is unknown.
  if (answer?.code === item.code) return delivered(textOf(answer.receipt));
  return unknown('no-receipt', `status ${status}, and the answer does not name the dossier`);
}

export type Asked =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly body: Uint8Array }
  | { readonly kind: 'absent' }
  | Failed;

/**
 * Sends a read request to the partner.
 * @param dossier whose personal data the partner may quote in an error
 */
export async function ask(partner: Partner, path: string, dossier?: Dossier): Promise<Asked> {
  const exchange = await call(partner, 'GET', path);
  if (exchange.kind !== 'reply') return failed(exchange.reason, textOrWordsOf(exchange));
  const { status, headers, body } = exchange;
  const answer = jsonObject(body);
  if (status < 300 && answer) return { kind: 'answer', answer, body };
  // Decide: how the partner says that it has no such dossier. A bare 404 may come from a wrong address or a proxy.
  if (status === 404 && textOf(answer?.error) === 'unknown-dossier') return { kind: 'absent' };
  return failed(`status-${status}`, said(partner, exchange, dossier), retryAfterMs(headers, partner.now()));
}

/** Looks up what the partner has of a dossier. */
export async function lookUp(
  partner: Partner,
  { code, dossier }: Outgoing,
): Promise<{ readonly kind: 'found'; readonly record: Answer } | { readonly kind: 'absent' } | Failed> {
  const asked = await ask(partner, `dossiers/${encodeURIComponent(code)}`, dossier);
  if (asked.kind !== 'answer') return asked;
  return asked.answer.code === code
    ? { kind: 'found', record: asked.answer }
    : failed('no-record', say('answer-names-no-dossier'));
}

function call({ settings, http }: Partner, method: 'GET' | 'POST', path: string, told?: SentFields): Promise<Exchange> {
  return http.exchange({
    method,
    url: `${settings.baseUrl.replace(/\/+$/, '')}/${path}`,
    headers: {
      Accept: 'application/json',
      // Decide: how the hub authenticates. Store a session key that expires in `connection.sessions`.
      Authorization: `Bearer ${settings.token}`,
      'Content-Type': told && 'application/json; charset=utf-8',
    },
    body: told && JSON.stringify(told).normalize('NFC'),
    // The kit repeats only reads by itself.
    idempotent: method === 'GET',
    hide: [settings.token],
  });
}

/**
 * Maps an answer that does not take the item: `refused` only where the partner itself says that it will never take it (an
 * operator must act), `unavailable` where it has certainly not taken it, `unknown` where it may have.
 *
 * Decide: map the errors by the partner's document. A wrong key or address is no dossier's fault. A partner that reports
 * wrong content as status 500 needs its texts read here.
 */
function outcomeOf(partner: Partner, reply: Reply, dossier: Dossier | undefined): Outcome {
  const { status, headers, body } = reply;
  const words = said(partner, reply, dossier);
  const afterMs = retryAfterMs(headers, partner.now());
  if (status === 401 || status === 403) return unavailable('credentials', words, afterMs);
  if (status < 400 || [408, 425, 429, 503].includes(status)) return unavailable(`status-${status}`, words, afterMs);
  if (status >= 500) return unknown(`status-${status}`, words);
  const isItsOwn = textOf(jsonObject(body)?.error) !== undefined;
  return isItsOwn ? refused('rejected', words) : unavailable(`status-${status}`, words, afterMs);
}

/** The partner's own error text for operators, without personal data: partners quote the request. */
function said({ settings }: Partner, { status, body }: Reply, dossier: Dossier | undefined): Words {
  const answer = jsonObject(body);
  const text = textOf(answer?.message) ?? textOf(answer?.error);
  return text
    ? say('status-said', { status, said: partnerText(text, dossier, [settings.token]) })
    : say('status', { status });
}

function failed(reason: string, what: TextOrWords, afterMs?: number): Failed {
  return {
    kind: 'failed',
    outcome: { kind: 'unavailable', reason, ...sentenceOf(what), retryAfterMs: afterMs },
  };
}
