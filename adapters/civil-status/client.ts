import {
  type Connection,
  jsonObject,
  type Outcome,
  outcomeWithoutReply,
  partnerText,
  type Reply,
  retryAfterMs,
  say,
  sentenceOf,
  type TextOrWords,
  textOf,
  textOrWordsOf,
  type Words,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Settings } from './settings.ts';

export type CivilStatus = Connection<Settings>;
/** The call was not carried out. The hub retries it. */
export type Failure = Extract<Outcome, { kind: 'unavailable' }>;

const SESSION = 'lgsp';
/** A token is not used in its last minute, because the call itself takes time. */
const MARGIN_S = 60;

/**
 * One call through the gateway, with the gateway's token. If the gateway rejects the token, the call gets a new one and
 * is repeated once: a call that the gateway rejected has not reached the ministry.
 */
export async function call(
  connection: CivilStatus,
  url: string,
  body: object,
  { idempotent, dossier }: { readonly idempotent: boolean; readonly dossier?: Dossier | undefined },
): Promise<Reply | Failure | Extract<Outcome, { kind: 'unknown' }>> {
  for (let attempt = 1; ; attempt++) {
    const token = await connection.sessions.login(SESSION, () => logIn(connection, dossier));
    if (typeof token !== 'string') return token;
    const exchange = await connection.http.exchange({
      url,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        Accept: 'application/json',
        Authorization: `Bearer ${token}`,
        lgspaccesstoken: connection.settings.lgspAccessToken,
      },
      body: JSON.stringify(body).normalize('NFC'),
      idempotent,
    });
    if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
    if (exchange.status !== 401 && exchange.status !== 403) return exchange;
    connection.sessions.drop(SESSION, token);
    if (attempt === 2 || exchange.status === 403)
      return failure(
        'credentials',
        say('gateway-keeps-us-out', { why: described(connection.settings, exchange, dossier) }),
      );
  }
}

/** Fetches a token from the gateway, or says why that failed. A failure is not cached, so the next call tries again. */
async function logIn(
  { settings, http, now }: CivilStatus,
  dossier: Dossier | undefined,
): Promise<{ readonly value: string | Failure; readonly ttlMs: number }> {
  const failed = (reason: string, said: TextOrWords, retryMs?: number) => ({
    value: failure(reason, say('at-login', { why: said }), retryMs),
    ttlMs: 0,
  });
  const exchange = await http.exchange({
    url: settings.tokenUrl,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Accept: 'application/json',
      Authorization: `Basic ${Buffer.from(`${settings.consumerKey}:${settings.consumerSecret}`).toString('base64')}`,
    },
    body: 'grant_type=client_credentials',
    idempotent: true,
    secret: true,
  });
  // The ministry has received nothing yet, whatever failed here.
  if (exchange.kind !== 'reply') return failed(exchange.reason, textOrWordsOf(exchange));
  const answer = jsonObject(exchange.body);
  const token = textOf(answer?.access_token);
  if (exchange.status < 300 && token) {
    const lifeS = Number(answer?.expires_in);
    return { value: token, ttlMs: lifeS > MARGIN_S ? (lifeS - MARGIN_S) * 1000 : 0 };
  }
  const detail = described(settings, exchange, dossier);
  const isRefusal = exchange.status >= 400 && exchange.status <= 403 && answer !== undefined;
  if (isRefusal) return failed('credentials', detail);
  return failed('login-failed', detail, retryAfterMs(exchange.headers, now()));
}

/** Describes an unexpected reply in a few words: its status and the gateway's own reason. */
export function described(settings: Settings, { status, body }: Reply, dossier?: Dossier): Words {
  const answer = jsonObject(body);
  const fault = answer?.fault as { message?: unknown } | undefined;
  const text = textOf(answer?.error_description) ?? textOf(fault?.message) ?? textOf(answer?.message);
  if (!text) return say('status', { status });
  return say('status-said', { status, said: partnerText(text, dossier, secretsOf(settings)) });
}

export function secretsOf(settings: Settings): readonly (string | undefined)[] {
  const { consumerKey, consumerSecret, lgspAccessToken, callbackSecret } = settings;
  return [consumerKey, consumerSecret, lgspAccessToken, callbackSecret];
}

export function failure(reason: string, said: TextOrWords, retryMs?: number): Failure {
  return { kind: 'unavailable', reason, ...sentenceOf(said), retryAfterMs: retryMs };
}
