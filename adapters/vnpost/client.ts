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

/**
 * One call with the access token. A token that VNPost rejects is fetched again once: a rejected call has had no effect.
 */
export async function call(
  post: Post,
  { method = 'POST', url, body, idempotent, about }: Call,
): Promise<Reply | Failure> {
  const { settings } = post;
  for (let attempt = 1; ; attempt++) {
    const token = await tokenOf(post, about);
    if (token !== undefined && typeof token !== 'string') return token;
    const exchange = await post.http.exchange({
      method,
      url: formOf(settings) === 'hcc' ? withToken(url, token) : url,
      headers: {
        Accept: 'application/json',
        'Content-Type': body && 'application/json; charset=utf-8',
        access_token: formOf(settings) === 'hcc' ? undefined : token,
      },
      body: body && JSON.stringify(body).normalize('NFC'),
      idempotent,
      hide: secretsOf(settings).flatMap((secret) => secret ?? []),
    });
    if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
    const { status, headers } = exchange;
    if (status === 429 || status === 503)
      return unavailable(`status-${status}`, described(settings, exchange, about), retryAfterMs(headers, post.now()));
    if (status !== 401 && status !== 403) return exchange;
    post.sessions.drop(TOKEN, token);
    if (attempt === 2 || settings.tokenUrl === undefined || status === 403)
      return unavailable('credentials', say('key-refused', { why: described(settings, exchange, about) }));
  }
}

const TOKEN = 'token';
/** A token is not used in its last minute, because the call itself takes time. */
const MARGIN_S = 60;
/** Where the gateway does not say how long a token lives. */
const USUAL_S = 600;

/** The old API takes the token as the parameter `token` of the address. */
function withToken(url: string, token: string | undefined): string {
  return token === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}token=${encodeURIComponent(token)}`;
}

async function tokenOf(post: Post, about: PostalOrder | undefined): Promise<string | Failure | undefined> {
  const { accessToken, tokenUrl } = post.settings;
  if (tokenUrl === undefined) return accessToken;
  return post.sessions.login<string | Failure>(TOKEN, () => logIn(post, tokenUrl, about));
}

/** A token for the key pair, or why the platform refused one. A failure is not cached. */
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
  const lifeS = Number(answer?.expires_in ?? USUAL_S);
  if (exchange.status < 300 && token) return { value: token, ttlMs: Math.max(0, lifeS - MARGIN_S) * 1000 };
  const isRefusal = exchange.status >= 400 && exchange.status <= 403 && answer !== undefined;
  const why = described(settings, exchange, about);
  if (isRefusal) return failed('credentials', why);
  return failed('login-failed', why, retryAfterMs(exchange.headers, now()));
}

/** A reply in a few words: its status and VNPost's own reason, without the people of the order. */
export function described(settings: Settings, { status, body }: Reply, about?: PostalOrder): Words {
  const answer = jsonObject(body);
  const text = textOf(answer?.Message) ?? textOf(answer?.message) ?? textOf(answer?.error_description);
  return text ? say('status-said', { status, said: shown(settings, text, about) }) : say('status', { status });
}

export function shown(settings: Settings, text: string, about?: PostalOrder): string {
  const people = [about?.sender, about?.receiver].map((applicant) => ({ applicant }));
  return partnerText(text, people, secretsOf(settings));
}
