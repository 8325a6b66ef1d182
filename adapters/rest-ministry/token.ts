import { jsonObject, retryAfterMs, say, sentenceOf, type TextOrWords, textOf, textOrWordsOf } from '#kit';
import type { Failure as MinistryFailure } from '#ministry';
import type { Ministry } from './answer.ts';
import type { Settings } from './settings.ts';

/** The lifetime of a token that does not name its end. */
const TOKEN_S = 600;

/** A token is renewed this long before its end. */
const EARLY_S = 30;

export const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

interface Kept {
  readonly value: string | MinistryFailure;
  readonly ttlMs: number;
}

type ClientCredentials = Extract<Settings['security'], { kind: 'oauth2' }>;

/** Fetches a token by client credentials (RFC 6749, 4.4). If that fails, the ministry has received nothing yet. */
export async function fetchToken({ settings, http, now }: Ministry): Promise<Kept> {
  const exchange = await http.exchange(tokenCall(settings.security as ClientCredentials));
  if (exchange.kind !== 'reply') return failed(exchange.reason, textOrWordsOf(exchange));
  const { status, headers } = exchange;
  const answer = jsonObject(exchange.body);
  const token = textOf(answer?.access_token);
  const isGiven = status >= 200 && status < 300;
  if (isGiven && token !== undefined && /^[\x21-\x7e]+$/.test(token)) {
    const seconds = Number(answer?.expires_in ?? TOKEN_S);
    return {
      value: `Bearer ${token}`,
      ttlMs: Math.max((Number.isFinite(seconds) ? seconds : TOKEN_S) - EARLY_S, 1) * 1000,
    };
  }
  // Error codes of RFC 6749, 5.2. They hold no personal data.
  const error = /^[a-z_]{1,40}$/.exec(textOf(answer?.error) ?? '')?.[0];
  const isOurs = status === 400 || status === 401 || status === 403;
  const words = isGiven
    ? say('token-missing', { status })
    : error
      ? say('status-error', { status, error })
      : say('status', { status });
  return failed(isOurs ? 'credentials' : 'login-failed', words, retryAfterMs(headers, now()));
}

function tokenCall({ tokenUrl, clientId, clientSecret, scope, form }: ClientCredentials) {
  const isInBody = form === 'body';
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope) body.set('scope', scope);
  if (isInBody) {
    body.set('client_id', clientId);
    body.set('client_secret', clientSecret);
  }
  return {
    method: 'POST',
    url: tokenUrl,
    body: `${body}`,
    idempotent: true,
    secret: true,
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
      Authorization: isInBody ? undefined : basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret)),
    },
  } as const;
}

function failed(reason: string, why: TextOrWords, afterMs?: number): Kept {
  const value = {
    kind: 'unavailable',
    reason,
    ...sentenceOf(say('at-token', { why })),
    retryAfterMs: afterMs,
  } as const;
  return { value, ttlMs: 0 };
}
