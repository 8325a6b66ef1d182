import { say } from '#messages/message';
import type { KeyEntry } from '../../../config/config.ts';
import type { Vault } from '../../../secrets/vault.ts';
import type { AppContext } from '../../app-context.ts';
import { Refusal } from '../../problem.ts';

export type SessionContext = Pick<AppContext, 'keys' | 'vault' | 'nowMs'>;

/** Clients use a session for about ten minutes, and most do not renew it after an error. */
const SESSION_MS = 30 * 60_000;

/** Creates a session for the key with this id and secret. @throws Refusal 401 for an unknown one */
export function openSession({ keys, vault, nowMs }: SessionContext, username: string, password: string): string {
  const key = keys.byPassword(username, password);
  if (!key) throw new Refusal('unauthorized', say('portal-login-wrong'));
  const id = Buffer.from(key.id).toString('base64url');
  return vault.sign('session', `${id}.${nowMs() + SESSION_MS}.${proofOf(vault, key)}`);
}

/**
 * Proves the secret of the login without revealing it. A session ends when the key gets another
 * secret.
 */
function proofOf(vault: Vault, key: KeyEntry): string {
  return vault.sign('session', ofSecret(key)).slice(ofSecret(key).length + 1);
}

function ofSecret({ secret }: KeyEntry): string {
  return `secret ${secret}`;
}

/** @throws Refusal 401 when the session is invalid or has expired */
export function keyOfSession({ keys, vault, nowMs }: SessionContext, session: string): KeyEntry {
  const [id = '', ends = '', proof = ''] = vault.verify('session', session)?.split('.') ?? [];
  const key = keys.byId(Buffer.from(id, 'base64url').toString());
  const isOfSecret = key && vault.verify('session', `${ofSecret(key)}.${proof}`) !== undefined;
  if (!key || !isOfSecret || Number(ends) < nowMs()) throw new Refusal('unauthorized', say('portal-session-ended'));
  return key;
}
