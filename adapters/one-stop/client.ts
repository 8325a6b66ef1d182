import {
  type Connection,
  delivered,
  describeReply,
  jsonObject,
  type Outcome,
  type Outgoing,
  outcomeWithoutReply,
  refused,
  retryAfterMs,
  say,
  textOf,
  unavailable,
} from '#kit';
import type { Settings } from './settings.ts';

/**
 * Sends one record to the one-stop system. The idempotency key makes repeats harmless, so an uncertain call is repeated
 * unchanged, without a look-up. Only an answer that names the code is a receipt.
 */
export async function tell(
  { party, settings, http, now }: Connection<Settings>,
  item: Outgoing,
  { method, path }: { readonly method: 'PUT' | 'POST'; readonly path: string },
): Promise<Outcome> {
  if (!settings.baseUrl) return refused('no-address', say('no-base-url', { party }));
  // As a segment of the path it would lead to another address of the system.
  if (/^\.{1,2}$/.test(item.code)) return refused('validation', say('not-for-an-address', { got: item.code }));
  const exchange = await http.exchange({
    method,
    url: `${settings.baseUrl.replace(/\/+$/, '')}/${path}`,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      Accept: 'application/json, application/problem+json',
      'Idempotency-Key': item.id,
      Authorization: settings.token ? `Bearer ${settings.token}` : undefined,
    },
    // The code by which this party knows the dossier. It may differ from ours.
    body: JSON.stringify({ ...item.record, code: item.code }).normalize('NFC'),
    idempotent: true,
    hide: settings.token ? [settings.token] : [],
  });
  if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
  const { status, headers, body } = exchange;
  const answer = jsonObject(body);
  if (status < 300) return receiptOf(item, answer);
  const detail = describeReply(exchange, ['detail', 'title', 'message'], item.dossier, [settings.token]);
  if (status === 401 || status === 403) return unavailable('credentials', say('key-refused', { why: detail }));
  if (isFinal(status) && answer) return refused('rejected', say('one-stop-refuses', { why: detail }));
  return unavailable(`status-${status}`, detail, retryAfterMs(headers, now()));
}

function receiptOf(item: Outgoing, answer: Readonly<Record<string, unknown>> | undefined): Outcome {
  if (answer?.code === item.code) return delivered(textOf(answer.receipt));
  return unavailable('no-receipt', say('answer-names-no-code'));
}

/** Whether a status is a refusal. A refusal needs a reason in JSON: a page without one comes from a proxy. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}
