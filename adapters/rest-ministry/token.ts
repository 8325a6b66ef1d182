import type { fetchOAuthToken } from '#kit';
import type { Settings } from './settings.ts';

type TokenQuestion = Parameters<typeof fetchOAuthToken>[1];
type OAuth2 = Extract<Settings['security'], { kind: 'oauth2' }>;

/** How a ministry is asked for a token by client credentials (RFC 6749, 4.4). */
export function tokenQuestion({
  tokenUrl: url,
  clientId: id,
  clientSecret: secret,
  scope,
  form,
}: OAuth2): TokenQuestion {
  const grant = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope) grant.set('scope', scope);
  if (form !== 'body') return { url, form: grant, client: { id, secret } };
  grant.set('client_id', id);
  grant.set('client_secret', secret);
  return { url, form: grant };
}
