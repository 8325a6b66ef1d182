import {
  type About,
  type Connection,
  callWithToken,
  describeReply,
  fetchOAuthToken,
  type Outcome,
  type Reply,
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
  return callWithToken(igate, {
    call: (token) => ({
      method,
      url: `${baseUrl.replace(/\/$/, '')}/${path}${query ? `?${new URLSearchParams(query)}` : ''}`,
      headers: {
        Accept: 'application/json',
        'Content-Type': body === undefined ? undefined : 'application/json; charset=utf-8',
        Authorization: `Bearer ${token}`,
      },
      body: body === undefined ? undefined : JSON.stringify(body).normalize('NFC'),
      idempotent: method === 'GET',
      hide: secretsOf(igate.settings).flatMap((secret) => secret ?? []),
    }),
    token: () => logIn(igate),
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
export function described({ settings }: IGate, reply: Reply, about?: About): Words {
  return describeReply(reply, ['message', 'error_description', 'error'], about, secretsOf(settings));
}
