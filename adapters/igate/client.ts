import {
  type About,
  type Connection,
  callWithToken,
  fetchOAuthToken,
  jsonObject,
  type Outcome,
  partnerText,
  type Reply,
  say,
  textOf,
  type Words,
} from '#kit';
import { type Settings, secretsOf } from './settings.ts';

export type IGate = Connection<Settings>;
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

/** One call with the token of the session. */
export function call(igate: IGate, { method = 'GET', path, query, body, about }: Call): Promise<Reply | Failure> {
  const { baseUrl } = igate.settings;
  const headers = { Accept: 'application/json' };
  return callWithToken(igate, {
    call: {
      method,
      url: `${baseUrl.replace(/\/$/, '')}/${path}${query ? `?${new URLSearchParams(query)}` : ''}`,
      headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
      body: body === undefined ? undefined : JSON.stringify(body).normalize('NFC'),
      idempotent: method === 'GET',
    },
    logIn: () => logIn(igate),
    describe: (reply) => described(igate, reply, about),
  });
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
