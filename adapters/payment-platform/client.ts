import {
  type Connection,
  jsonObject,
  type Outcome,
  outcomeWithoutReply,
  partnerText,
  type Reply,
  retryAfterMs,
  say,
  textOf,
  unavailable,
  type Words,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Payment } from '#schemas/payment.v1';
import { type Settings, secretsOf } from './settings.ts';

export type Platform = Connection<Settings>;
export type Failure = Extract<Outcome, { kind: 'unavailable' | 'unknown' }>;

/** The people of a call, whose data no message may repeat. */
export interface About {
  readonly payment: Pick<Payment, 'payer'>;
  readonly dossier?: Dossier | undefined;
}

/** One call. A platform that keeps the hub out, or is busy, has done nothing. */
export async function call(
  { http, settings, now }: Platform,
  url: string,
  body: object,
  { idempotent, about }: { readonly idempotent: boolean; readonly about: About },
): Promise<Reply | Failure> {
  const { accessToken, lgspAccessToken } = settings;
  const exchange = await http.exchange({
    url,
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/json; charset=utf-8',
      Authorization: accessToken === undefined ? undefined : `Bearer ${accessToken}`,
      lgspaccesstoken: lgspAccessToken,
    },
    body: JSON.stringify(body).normalize('NFC'),
    idempotent,
    hide: secretsOf(settings),
  });
  if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
  const { status, headers } = exchange;
  const why = (): Words => described(settings, exchange, about);
  if (status === 401 || status === 403) return unavailable('credentials', say('key-refused', { why: why() }));
  if (status === 429 || status === 503) return unavailable(`status-${status}`, why(), retryAfterMs(headers, now()));
  return exchange;
}

/** A reply in a few words: its status, and the platform's own reason without the people of the payment. */
export function described(settings: Settings, { status, body }: Reply, about: About): Words {
  const answer = jsonObject(body);
  const text = textOf(answer?.MoTaLoi) ?? textOf(answer?.message) ?? textOf(answer?.error_message);
  return text ? say('status-said', { status, said: shown(settings, text, about) }) : say('status', { status });
}

export function shown(settings: Settings, text: string, { payment, dossier }: About): string {
  return partnerText(text, [dossier, { applicant: payment.payer }], secretsOf(settings));
}
