import { hash, X509Certificate } from 'node:crypto';
import type { Context } from 'hono';
import { say, type Words } from '#messages/message';
import type { KeyEntry, Scope } from '../config/config.ts';
import { sameText } from '../secrets/same-text.ts';
import type { Clients } from './clients.ts';
import { Refusal } from './problem.ts';

/** The configured keys. Look-ups compare no secrets, so their time reveals nothing. */
export interface Keys {
  /** The key with this secret. */
  bySecret(secret: string): KeyEntry | undefined;
  /** The key with this user name and password. */
  byPassword(id: string, password: string): KeyEntry | undefined;
  byId(id: string): KeyEntry | undefined;
  /** The parties for which a key may push. */
  readonly senders: ReadonlySet<string>;
  /** The key with the certificate of this SHA-256 fingerprint (`AB:CD:…`). */
  byCertificate(fingerprint: string): KeyEntry | undefined;
  /** The key of the client certificate of a request (mutual TLS). Undefined when the client showed none. */
  byClient(c: Context): Shown | undefined;
}

/** The key of a certificate, or the reason why no key matches. */
export type Shown = { readonly key: KeyEntry } | { readonly key?: undefined; readonly why: Words };

export function createKeys(entries: readonly KeyEntry[], clients: Pick<Clients, 'certificateOf'>): Keys {
  const digest = (secret: string): string => hash('sha256', secret, 'base64');
  const byDigest = new Map(entries.map((entry) => [digest(entry.secret), entry]));
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const byFingerprint = new Map(
    entries.flatMap((entry) => (entry.certificate ? [[fingerprintOf(entry.certificate), entry] as const] : [])),
  );
  const byCertificate: Keys['byCertificate'] = (fingerprint) => byFingerprint.get(fingerprint.replaceAll(':', ''));
  return {
    bySecret: (secret) => byDigest.get(digest(secret)),
    byPassword(id, password) {
      const entry = byId.get(id);
      // The same work whether or not the user exists.
      return sameText(entry?.secret ?? '', password) && entry ? entry : undefined;
    },
    byId: (id) => byId.get(id),
    senders: new Set(entries.flatMap(({ party }) => party ?? [])),
    byCertificate,
    byClient(c) {
      const fingerprint = clients.certificateOf(c);
      if (fingerprint === undefined) return undefined;
      if (fingerprint === null) return { why: say('certificate-unreadable') };
      const key = byCertificate(fingerprint);
      return key ? { key } : { why: say('certificate-of-no-key', { fingerprint }) };
    },
  };
}

/** @throws Refusal 403 when the key lacks one of the scopes */
export function requireScopes(key: KeyEntry, ...scopes: readonly Scope[]): void {
  const missing = scopes.filter((scope) => !key.scopes.includes(scope));
  if (missing.length > 0) throw new Refusal('forbidden', say('scope-missing', { id: key.id, list: missing }));
}

/** @throws Refusal 403 when the key has none of the scopes */
export function requireOneOf(key: KeyEntry, ...scopes: readonly Scope[]): void {
  if (!scopes.some((scope) => key.scopes.includes(scope)))
    throw new Refusal('forbidden', say('scopes-missing', { id: key.id, list: scopes }));
}

/** The fingerprint of a configured certificate, which is PEM or already a fingerprint. */
function fingerprintOf(certificate: string): string {
  const isPem = certificate.startsWith('-----');
  const fingerprint = isPem ? new X509Certificate(certificate).fingerprint256 : certificate;
  return fingerprint.replaceAll(':', '').toUpperCase();
}

/**
 * The key of a request, with all of these scopes.
 *
 * @throws Refusal 401 without a valid key, 403 when it lacks a scope
 */
export function requireKey(c: Context, keys: Keys, ...scopes: readonly Scope[]): KeyEntry {
  const key = keyOf(c, keys);
  requireScopes(key, ...scopes);
  return key;
}

/** The secret in the Authorization header of a request. */
export function bearerOf(c: Context): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
}

function keyOf(c: Context, keys: Keys): KeyEntry {
  const header = c.req.header('authorization') ?? '';
  const secret = bearerOf(c);
  const key = secret === undefined ? undefined : keys.bySecret(secret);
  if (key) return key;
  // A request with an Authorization header is judged by that header alone.
  const shown = header === '' ? shownBy(c, keys) : undefined;
  if (shown?.key) return shown.key;
  const without = shown?.why ?? say('no-authorization');
  const why = header === '' ? without : say('no-valid-bearer');
  throw new Refusal('unauthorized', say('bearer-expected', { why }), {
    headers: { 'WWW-Authenticate': 'Bearer realm="lienthong"' },
  });
}

/**
 * The certificate of a request that has no other credentials.
 *
 * @throws Refusal 403 when a page of another site caused the request
 */
export function shownBy(c: Context, keys: Pick<Keys, 'byClient'>): Shown | undefined {
  const shown = keys.byClient(c);
  if (shown?.key && isOfAnotherSite(c)) throw new Refusal('forbidden', say('page-of-another-site'));
  return shown;
}

/** Browsers send certificates for any page, and name the page's site (Fetch Metadata, RFC 6454). */
function isOfAnotherSite(c: Context): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return c.req.header('origin') !== undefined;
}
