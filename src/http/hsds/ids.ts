import { hash } from 'node:crypto';
import type { CatalogueKind } from '../../catalogue/catalogue.ts';
import { inTurns } from '../turns.ts';

/** The namespace of RFC 9562 for names that are URLs (URNs are). */
const URLS = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');

/**
 * The identifier of what these parts name, as HSDS wants it: a UUID, and the same one each time (version 5, RFC 9562) of
 * the name `urn:lienthong:hsds:<part>/<part>…`.
 */
export function idOf(...parts: readonly string[]): string {
  const name = Buffer.from(`urn:lienthong:hsds:${parts.map(encodeURIComponent).join('/')}`);
  const bytes = Buffer.from(hash('sha1', Buffer.concat([URLS, name]), 'hex'), 'hex').subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * Of an entry of the catalogue. A procedure of the whole country is a service of its own in each province; agencies and
 * fields are the same ones everywhere.
 */
export function entryId(kind: CatalogueKind, key: string, province: { readonly code: string } | undefined): string {
  return kind === 'service' ? idOf(kind, province?.code ?? '', key) : idOf(kind, key);
}

/** The key of the entry that has an identifier; undefined where none has. */
export type KeyOf = (kind: CatalogueKind, id: string) => Promise<string | undefined>;

/**
 * An identifier does not tell what it was made of: those of all entries are kept, and asked for anew where one is not among
 * them. Entries are never deleted. (20,000 agencies: 30 ms once, in turns, and 10 ms for each identifier that is none.)
 */
export function createKeyOf(
  keysOf: (kind: CatalogueKind) => Promise<readonly string[]>,
  province: { readonly code: string } | undefined,
): KeyOf {
  const known = new Map<string, string>();
  const named = new Set<string>();
  const learn = (kind: CatalogueKind, key: string): void => {
    if (named.has(`${kind} ${key}`)) return;
    known.set(`${kind} ${entryId(kind, key, province)}`, key);
    named.add(`${kind} ${key}`);
  };
  return async (kind, id) => {
    const wanted = `${kind} ${id.toLowerCase()}`;
    if (!known.has(wanted)) await inTurns(await keysOf(kind), (key) => learn(kind, key));
    return known.get(wanted);
  };
}
