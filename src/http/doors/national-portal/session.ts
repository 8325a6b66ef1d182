import type { KeyEntry } from '../../../config/config.ts';
import type { Vault } from '../../../secrets/vault.ts';
import type { AppContext } from '../../app-context.ts';
import { Refusal } from '../../problem.ts';

export type SessionContext = Pick<AppContext, 'keys' | 'vault' | 'nowMs'>;

/** Clients keep a session for about ten minutes and most of them do not renew it on an error. */
const SESSION_MS = 30 * 60_000;

/** A session of the key with this id and secret. @throws Refusal 401 where there is none */
export function openSession({ keys, vault, nowMs }: SessionContext, username: string, password: string): string {
  const key = keys.byPassword(username, password);
  if (!key)
    throw new Refusal('unauthorized', 'the username or the password is wrong; they are the id and the secret of a key');
  const id = Buffer.from(key.id).toString('base64url');
  return vault.sign('session', `${id}.${nowMs() + SESSION_MS}.${proofOf(vault, key)}`);
}

/** That the secret is the one of the login, without telling it: a session ends once the key's secret is another. */
function proofOf(vault: Vault, key: KeyEntry): string {
  return vault.sign('session', ofSecret(key)).slice(ofSecret(key).length + 1);
}

function ofSecret({ secret }: KeyEntry): string {
  return `secret ${secret}`;
}

/** @throws Refusal 401 for a session that is not ours or has ended */
export function keyOfSession({ keys, vault, nowMs }: SessionContext, session: string): KeyEntry {
  const [id = '', ends = '', proof = ''] = vault.verify('session', session)?.split('.') ?? [];
  const key = keys.byId(Buffer.from(id, 'base64url').toString());
  const isOfSecret = key && vault.verify('session', `${ofSecret(key)}.${proof}`) !== undefined;
  if (!key || !isOfSecret || Number(ends) < nowMs())
    throw new Refusal(
      'unauthorized',
      'the session is not valid or has ended (phiên làm việc không hợp lệ hoặc đã hết hạn): log in again',
    );
  return key;
}
