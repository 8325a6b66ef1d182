import {
  type Connection,
  callWithToken,
  describeReply,
  jsonObject,
  type Outcome,
  partnerText,
  type Reply,
  retryAfterMs,
  say,
  textOf,
  textOrWordsOf,
  unavailable,
  type Words,
} from '#kit';
import type { PostalOrder } from '#schemas/postal-order.v1';
import { formOf, type Settings, secretsOf } from './settings.ts';

export type Post = Connection<Settings>;
export type Failure = Extract<Outcome, { kind: 'unavailable' | 'unknown' }>;

export interface Call {
  readonly method?: 'GET' | 'POST';
  readonly url: string;
  readonly body?: object;
  /** The call changes nothing, or may be repeated. */
  readonly idempotent: boolean;
  /** The order whose people no message may name. */
  readonly about?: PostalOrder;
}

/** One call with the access token. The old API takes it as the parameter `token` of the address. */
export function call(post: Post, { method = 'POST', url, body, idempotent, about }: Call): Promise<Reply | Failure> {
  const { settings } = post;
  const { accessToken, tokenUrl } = settings;
  const isInAddress = formOf(settings) === 'hcc';
  return callWithToken(post, {
    call: (token) => ({
      method,
      url: isInAddress ? withToken(url, token) : url,
      headers: {
        Accept: 'application/json',
        'Content-Type': body && 'application/json; charset=utf-8',
        access_token: isInAddress ? undefined : token,
      },
      body: body && JSON.stringify(body).normalize('NFC'),
      idempotent,
      hide: secretsOf(settings).flatMap((secret) => secret ?? []),
    }),
    token: tokenUrl === undefined ? accessToken : () => logIn(post, tokenUrl, about),
    describe: (reply) => described(settings, reply, about),
  });
}

/** A token is not used in its last minute, because the call itself takes time. */
const MARGIN_S = 60;
/** Where the gateway does not say, in seconds, how long a token lives. */
const USUAL_S = 600;

function withToken(url: string, token: string | undefined): string {
  return token === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}token=${encodeURIComponent(token)}`;
}

/** A token for the key pair, in VNPost's own form, or why VNPost refused one. A failure is not cached. */
async function logIn({ settings, http, now }: Post, url: string, about: PostalOrder | undefined) {
  const { customerKey, secretKey } = settings;
  const exchange = await http.exchange({
    url,
    headers: { Accept: 'application/json', 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ customerKey, secretKey }),
    idempotent: true,
    secret: true,
  });
  const failed = (reason: string, why: Words | string, retryMs?: number) => ({
    value: unavailable(reason, say('at-login', { why }), retryMs),
    ttlMs: 0,
  });
  if (exchange.kind !== 'reply') return failed(exchange.reason, textOrWordsOf(exchange));
  const answer = jsonObject(exchange.body);
  const token = textOf(answer?.access_token);
  const saidS = Number(answer?.expires_in ?? USUAL_S);
  const lifeS = saidS > 0 ? saidS : USUAL_S;
  if (exchange.status < 300 && token) return { value: token, ttlMs: Math.max(0, lifeS - MARGIN_S) * 1000 };
  const isRefusal = exchange.status >= 400 && exchange.status <= 403 && answer !== undefined;
  const why = described(settings, exchange, about);
  if (isRefusal) return failed('credentials', why);
  return failed('login-failed', why, retryAfterMs(exchange.headers, now()));
}

/** A reply in a few words: its status and VNPost's own reason, without the people of the order. */
export function described(settings: Settings, reply: Reply, about?: PostalOrder): Words {
  return describeReply(reply, ['Message', 'message', 'error_description'], peopleOf(about), secretsOf(settings));
}

export function shown(settings: Settings, text: string, about?: PostalOrder): string {
  return partnerText(text, peopleOf(about), secretsOf(settings));
}

function peopleOf(order: PostalOrder | undefined) {
  return [order?.sender, order?.receiver].map((applicant) => ({ applicant }));
}
