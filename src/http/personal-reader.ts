import type { Context } from 'hono';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { AppContext } from './app-context.ts';
import { type Keys, requireKey } from './auth.ts';

/** The key behind a read of the index. */
export interface Reader {
  readonly keyId: string;
  /** Personal data is shown in full, and the audit records each read. */
  readonly personal: boolean;
}

/** @throws Refusal 401 without a key, 403 when the key has neither index:read nor index:personal */
export function readerOf(c: Context, keys: Keys): Reader {
  const key = requireKey(c, keys);
  const personal = key.scopes.includes('index:personal');
  if (!personal) requireKey(c, keys, 'index:read');
  return { keyId: key.id, personal };
}

/**
 * Audits a read of personal data before the reply, so that nobody sees any without an entry. One entry
 * per request, and none for a masked reply.
 */
export async function auditRead(
  { audit }: Pick<AppContext, 'audit'>,
  { keyId, personal }: Reader,
  read: { readonly action: string; readonly subject: string; readonly why: string | undefined },
): Promise<void> {
  if (personal) await audit.write({ actor: keyId, ...read });
}

/**
 * Reads while the entry is being written, where the subject is known before. So an audited read takes no longer than its
 * commit. Resolves after both.
 */
export async function audited<T>(
  hub: Pick<AppContext, 'audit'>,
  reader: Reader,
  read: Parameters<typeof auditRead>[2],
  load: () => Promise<T>,
): Promise<T> {
  const [loaded] = await Promise.all([load(), auditRead(hub, reader, read)]);
  return loaded;
}

/**
 * The subject of an audit entry for a list: its filter and the codes that it shows. Search words are left
 * out, since they may be a citizen's name.
 *
 * @param name what the list has, empty for dossiers
 */
export function listSubject(
  kind: 'dossiers' | 'records',
  name: string,
  query: Readonly<Record<string, unknown>>,
  items: readonly { readonly code: string }[],
): string {
  const asked = Object.entries(query)
    .filter(([member]) => !['limit', 'cursor', 'why'].includes(member))
    .map(([member, value]) => `${member}=${member === 'q' ? '…' : value}`);
  return auditSubject(kind, `${name}?${asked.join('&')}`, items.map(({ code }) => code).join(' ') || 'none');
}
