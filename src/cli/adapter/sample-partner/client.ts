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
  textOf,
  unavailable,
  unknown,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Answer, SentFields } from './mapping.ts';
import type { Settings } from './settings.ts';

export type Partner = Connection<Settings>;
type Reply = Extract<Exchange, { kind: 'reply' }>;

/** Nothing was learned. Asking changes nothing, so it may simply be tried again. */
export interface Failed {
  readonly kind: 'failed';
  readonly outcome: Extract<Outcome, { kind: 'unavailable' }>;
}

/** Tell the partner of one thing, and say what became of it. */
export async function send(partner: Partner, item: Outgoing, path: string, told: SentFields): Promise<Outcome> {
  const exchange = await call(partner, 'POST', path, told);
  if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
  const { status, body } = exchange;
  if (status >= 300) return outcomeOf(partner, exchange, item.dossier);
  const answer = jsonObject(body);
  // Decide: by what in its answer the partner shows that it took this very thing. A status alone does not: a page of
  // maintenance, a proxy or an empty answer have it too. Until it is shown it may have been taken, or not.
  if (answer?.code === item.code) return delivered(textOf(answer.receipt));
  return unknown('no-receipt', `status ${status}, and the answer does not name the dossier`);
}

export type Asked =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly body: Uint8Array }
  | { readonly kind: 'absent' }
  | Failed;

/** Ask the partner for something. @param dossier whose personal data the partner may quote when it fails */
export async function ask(partner: Partner, path: string, dossier?: Dossier): Promise<Asked> {
  const exchange = await call(partner, 'GET', path);
  if (exchange.kind !== 'reply') return failed(exchange.reason, exchange.message);
  const { status, headers, body } = exchange;
  const answer = jsonObject(body);
  if (status < 300 && answer) return { kind: 'answer', answer, body };
  // Decide: how the partner says that it has no such dossier. A bare 404 may be a wrong address or a proxy's.
  if (status === 404 && textOf(answer?.error) === 'unknown-dossier') return { kind: 'absent' };
  return failed(`status-${status}`, said(partner, exchange, dossier), retryAfterMs(headers, partner.now()));
}

/** What the partner has of a dossier. */
export async function lookUp(
  partner: Partner,
  { code, dossier }: Outgoing,
): Promise<{ readonly kind: 'found'; readonly record: Answer } | { readonly kind: 'absent' } | Failed> {
  const asked = await ask(partner, `dossiers/${encodeURIComponent(code)}`, dossier);
  if (asked.kind !== 'answer') return asked;
  return asked.answer.code === code
    ? { kind: 'found', record: asked.answer }
    : failed('no-record', 'the answer does not name the dossier that was asked for');
}

function call({ settings, http }: Partner, method: 'GET' | 'POST', path: string, told?: SentFields): Promise<Exchange> {
  return http.exchange({
    method,
    url: `${settings.baseUrl.replace(/\/+$/, '')}/${path}`,
    headers: {
      Accept: 'application/json',
      // Decide: how the partner knows us. A key that has to be fetched and ends is kept in `connection.sessions`.
      Authorization: `Bearer ${settings.token}`,
      ...(told && { 'Content-Type': 'application/json; charset=utf-8' }),
    },
    ...(told && { body: JSON.stringify(told).normalize('NFC') }),
    // What changes something is never repeated by itself; what asks may be.
    idempotent: method === 'GET',
    hide: [settings.token],
  });
}

/**
 * What an answer means that takes nothing: `refused` only where the partner itself says that it will never take it (each
 * waits for a person), `unavailable` where it has certainly not taken it, and `unknown` where it may have.
 *
 * Decide: with the partner's document, which of its errors are which. An error of the key or of the address is nobody's
 * dossier's fault, and a partner that dresses "wrong content" as status 500 needs its words read here.
 */
function outcomeOf(partner: Partner, reply: Reply, dossier: Dossier | undefined): Outcome {
  const { status, headers, body } = reply;
  const message = said(partner, reply, dossier);
  const afterMs = retryAfterMs(headers, partner.now());
  if (status === 401 || status === 403) return unavailable('credentials', message, afterMs);
  if (status < 400 || [408, 425, 429, 503].includes(status)) return unavailable(`status-${status}`, message, afterMs);
  if (status >= 500) return unknown(`status-${status}`, message);
  const isItsOwn = textOf(jsonObject(body)?.error) !== undefined;
  return isItsOwn ? refused('rejected', message) : unavailable(`status-${status}`, message, afterMs);
}

/** The partner's words for operators, without what would tell who the applicant is: partners quote what they were sent. */
function said({ settings }: Partner, { status, body }: Reply, dossier: Dossier | undefined): string {
  const answer = jsonObject(body);
  const text = textOf(answer?.message) ?? textOf(answer?.error);
  return `status ${status}${text ? `: ${partnerText(text, dossier, [settings.token])}` : ''}`;
}

function failed(reason: string, message: string, afterMs?: number): Failed {
  return {
    kind: 'failed',
    outcome: { kind: 'unavailable', reason, message, ...(afterMs !== undefined && { retryAfterMs: afterMs }) },
  };
}
