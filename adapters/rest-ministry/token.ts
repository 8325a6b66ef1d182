import type { fetchOAuthToken } from '#kit';
import type { Settings } from './settings.ts';

type TokenQuestion = Parameters<typeof fetchOAuthToken>[1];
type OAuth2 = Extract<Settings['security'], { kind: 'oauth2' }>;

/** How a ministry is asked for a token: by client credentials or by a user's password (RFC 6749, 4.4 and 4.3). */
export function tokenQuestion(
  { tokenUrl: url, clientId: id, clientSecret: secret, scope, form: place, grant }: OAuth2,
  { username = '', password = '' }: Pick<Settings, 'username' | 'password'>,
): TokenQuestion {
  const form = new URLSearchParams(
    grant === 'password' ? { grant_type: 'password', username, password } : { grant_type: 'client_credentials' },
  );
  if (scope) form.set('scope', scope);
  if (place !== 'body') return { url, form, client: { id, secret } };
  form.set('client_id', id);
  form.set('client_secret', secret);
  return { url, form };
}
