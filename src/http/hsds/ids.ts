import { hash } from 'node:crypto';
import type { CatalogueKind } from '../../catalogue/catalogue.ts';
import type { CatalogueReader } from '../../catalogue/read.ts';
import { mapYielding } from '../../concurrency/yielding.ts';

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
 * An identifier does not tell what it was made of: those of all entries are kept, and where one is not among them it is
 * asked which entries there are, if any has changed since. (Of 20,000 agencies: 0.2 s of the processor, once, in turns.)
 */
export function createKeyOf(keysOf: CatalogueReader['keys'], province: { readonly code: string } | undefined): KeyOf {
  const none = () => ({ asOf: '', keys: new Map<string, string>() });
  const known = { service: none(), agency: none(), field: none() };
  return async (kind, id) => {
    const [held, wanted] = [known[kind], id.toLowerCase()];
    const told = held.keys.has(wanted) ? undefined : await keysOf(kind, held.asOf);
    if (told) {
      const named = new Set(held.keys.values());
      const others = told.keys.filter((key) => !named.has(key));
      await mapYielding(others, (key) => held.keys.set(entryId(kind, key, province), key));
      held.asOf = told.asOf;
    }
    return held.keys.get(wanted);
  };
}
