import { hash, X509Certificate } from 'node:crypto';
import type { Context } from 'hono';
import type { KeyEntry, Scope } from '../config/config.ts';
import { sameText } from '../secrets/same-text.ts';
import type { Clients } from './clients.ts';
import { Refusal } from './problem.ts';

/** The keys of the configuration, found without comparing secrets. */
export interface Keys {
  /** The key with this secret. */
  bySecret(secret: string): KeyEntry | undefined;
  /** The key with this user name and password. */
  byPassword(id: string, password: string): KeyEntry | undefined;
  byId(id: string): KeyEntry | undefined;
  /** The key with the certificate of this SHA-256 fingerprint (`AB:CD:…`). */
  byCertificate(fingerprint: string): KeyEntry | undefined;
  /** What the certificate that the client of a request has shown (mutual TLS) says of it; undefined without one. */
  byClient(c: Context): Shown | undefined;
}

/** A certificate is a key's, or it is told why it is none's. */
export type Shown = { readonly key: KeyEntry } | { readonly key?: undefined; readonly why: string };

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
    byCertificate,
    byClient(c) {
      const fingerprint = clients.certificateOf(c);
      if (fingerprint === undefined) return undefined;
      if (fingerprint === null) return { why: "the client's certificate, as the proxy tells it, could not be read" };
      const key = byCertificate(fingerprint);
      return key ? { key } : { why: `no key has the certificate ${fingerprint}` };
    },
  };
}

/** @throws Refusal 403 when the key lacks one of the scopes */
export function requireScopes(key: KeyEntry, ...scopes: readonly Scope[]): void {
  const missing = scopes.filter((scope) => !key.scopes.includes(scope));
  if (missing.length > 0) throw new Refusal('forbidden', `the key ${key.id} lacks the scope ${missing.join(', ')}`);
}

/** @throws Refusal 403 when the key has none of the scopes */
export function requireOneOf(key: KeyEntry, ...scopes: readonly Scope[]): void {
  if (!scopes.some((scope) => key.scopes.includes(scope)))
    throw new Refusal('forbidden', `the key ${key.id} has none of the scopes ${scopes.join(', ')}`);
}

/** Of a certificate as the configuration gives it, in PEM or as its fingerprint. */
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

/** The secret that the Authorization header of a request says. */
export function bearerOf(c: Context): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
}

function keyOf(c: Context, keys: Keys): KeyEntry {
  const header = c.req.header('authorization') ?? '';
  const secret = bearerOf(c);
  const key = secret === undefined ? undefined : keys.bySecret(secret);
  if (key) return key;
  // Whoever says a secret is who it says, or nobody.
  const shown = header === '' ? shownBy(c, keys) : undefined;
  if (shown?.key) return shown.key;
  const without = shown?.why ?? 'the request has no Authorization header';
  const why = header === '' ? without : 'the Authorization header has no valid Bearer key';
  throw new Refusal('unauthorized', `${why}; expected Authorization: Bearer <secret>`, {
    headers: { 'WWW-Authenticate': 'Bearer realm="lienthong"' },
  });
}

/**
 * What the certificate of a request says of it, for requests that bring no other credentials.
 *
 * @throws Refusal 403 where a page of another site asks in the name of whoever looks at it
 */
export function shownBy(c: Context, keys: Pick<Keys, 'byClient'>): Shown | undefined {
  const shown = keys.byClient(c);
  if (shown?.key && isOfAnotherSite(c))
    throw new Refusal('forbidden', 'a page of another site asks with the certificate of whoever looks at it');
  return shown;
}

/** A browser shows a certificate by itself, whichever page asks; it says which one did (Fetch Metadata, RFC 6454). */
function isOfAnotherSite(c: Context): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return c.req.header('origin') !== undefined;
}
