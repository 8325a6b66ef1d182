import {
  type About,
  type Connection,
  type Exchange,
  fetchOAuthToken,
  jsonObject,
  type Outcome,
  outcomeWithoutReply,
  partnerText,
  retryAfterMs,
  say,
  textOf,
  unavailable,
  type Words,
} from '#kit';
import { type Settings, secretsOf } from './settings.ts';

export type IGate = Connection<Settings>;
export type Reply = Extract<Exchange, { kind: 'reply' }>;
export type Failure = Extract<Outcome, { kind: 'unavailable' | 'unknown' }>;

export interface Call {
  readonly method?: 'GET' | 'PUT';
  /** Below `baseUrl`, such as `pa/dossier/search`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The people whom no message may name. */
  readonly about?: About | undefined;
}

const TOKEN = 'token';

/** One call with the token. A token that iGate rejects is fetched again once: a rejected call has had no effect. */
export async function call(igate: IGate, { method = 'GET', path, query, body, about }: Call): Promise<Reply | Failure> {
  const { settings, http, sessions, now } = igate;
  const url = `${settings.baseUrl.replace(/\/$/, '')}/${path}${query ? `?${new URLSearchParams(query)}` : ''}`;
  for (let attempt = 1; ; attempt++) {
    const authorization = await sessions.get(TOKEN, () => logIn(igate));
    if (typeof authorization !== 'string') return authorization;
    const headers = { Accept: 'application/json', Authorization: authorization };
    const exchange = await http.exchange({
      method,
      url,
      headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
      body: body === undefined ? undefined : JSON.stringify(body).normalize('NFC'),
      idempotent: method === 'GET',
      hide: [authorization.slice('Bearer '.length)],
    });
    if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
    const { status } = exchange;
    if (status === 429 || status === 503)
      return unavailable(`status-${status}`, described(igate, exchange, about), retryAfterMs(exchange.headers, now()));
    if (status !== 401) return exchange;
    sessions.drop(TOKEN, authorization);
    if (attempt === 2)
      return unavailable('credentials', say('key-refused', { why: described(igate, exchange, about) }));
  }
}

/** A token of Keycloak: of an officer's account if the settings have one, otherwise of the client itself. */
function logIn(igate: IGate) {
  const { tokenUrl: url, clientId, clientSecret, username, password, scope } = igate.settings;
  const form = new URLSearchParams({ grant_type: username === undefined ? 'client_credentials' : 'password' });
  if (scope !== undefined) form.set('scope', scope);
  if (username !== undefined) {
    form.set('username', username);
    form.set('password', password ?? '');
  }
  if (clientSecret !== undefined)
    return fetchOAuthToken(igate, { url, form, client: { id: clientId, secret: clientSecret } });
  form.set('client_id', clientId);
  return fetchOAuthToken(igate, { url, form });
}

/** A reply in a few words: its status and iGate's own reason, without the people of the dossier. */
export function described({ settings }: IGate, { status, body }: Reply, about?: About): Words {
  const answer = jsonObject(body);
  const text = textOf(answer?.message) ?? textOf(answer?.error_description) ?? textOf(answer?.error);
  return text === undefined
    ? say('status', { status })
    : say('status-said', { status, said: partnerText(text, about, secretsOf(settings)) });
}
