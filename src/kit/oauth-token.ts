import type { Outcome } from '#core/dossier/settle';
import { say, type TextOrWords, textOrWordsOf } from '#messages/message';
import type { Http } from './http/exchange.ts';
import { retryAfterMs } from './http/retry-after.ts';
import { unavailable } from './outcomes.ts';
import { jsonObject, textOf } from './replies.ts';

/** What `sessions.login` keeps. A failure has the lifetime 0, so the next call tries again. */
export interface FetchedToken {
  /** The token, or why the partner gave none. */
  readonly value: string | Extract<Outcome, { kind: 'unavailable' }>;
  readonly ttlMs: number;
}

interface TokenQuestion {
  readonly url: string;
  /** The form of the grant (RFC 6749), such as `grant_type=client_credentials`. */
  readonly form: URLSearchParams;
  /** Basic authentication of the client. Absent if the form carries the client. */
  readonly client?: { readonly id: string; readonly secret: string } | undefined;
}

/** The lifetime of a token that does not name its end. */
const TOKEN_S = 600;
/** A token is renewed this long before its end. */
const EARLY_S = 30;

/** Asks an OAuth 2 server for a token (RFC 6749). If that fails, the partner has received nothing yet. */
export async function fetchOAuthToken(
  { http, now }: { readonly http: Http; readonly now: () => number },
  { url, form, client }: TokenQuestion,
): Promise<FetchedToken> {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' };
  const exchange = await http.exchange({
    method: 'POST',
    url,
    body: `${form}`,
    idempotent: true,
    secret: true,
    headers: client
      ? {
          ...headers,
          Authorization: basicOf(client),
        }
      : headers,
  });
  const failed = (reason: string, why: TextOrWords, afterMs?: number): FetchedToken => ({
    value: unavailable(reason, say('at-token', { why }), afterMs),
    ttlMs: 0,
  });
  if (exchange.kind !== 'reply') return failed(exchange.reason, textOrWordsOf(exchange));
  const { status } = exchange;
  const answer = jsonObject(exchange.body);
  const token = textOf(answer?.access_token);
  const isGiven = status >= 200 && status < 300;
  if (isGiven && token !== undefined && /^[\x21-\x7e]+$/.test(token)) {
    const seconds = Number(answer?.expires_in ?? TOKEN_S);
    return {
      value: token,
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
  return failed(isOurs ? 'credentials' : 'login-failed', words, retryAfterMs(exchange.headers, now()));
}

function basicOf({ id, secret }: { readonly id: string; readonly secret: string }): string {
  const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
