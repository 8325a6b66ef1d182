import { createHash, X509Certificate } from 'node:crypto';
import type { Context } from 'hono';
import { msToInstant, parseInstant } from '#core/dates/dates';
import { quote } from '#core/explain';
import type { KeyEntry } from '../../../config/config.ts';
import { sameText } from '../../../secrets/same-text.ts';
import type { AppContext } from '../../app-context.ts';
import { type Keys, shownBy } from '../../auth.ts';
import { Refusal } from '../../problem.ts';
import type { Security, SignatureClaim, UsernameToken } from './security-header.ts';
import { checkSignature } from './signature.ts';

export type AuthenticationContext = Pick<AppContext, 'keys' | 'guessLimit' | 'clients' | 'nowMs' | 'useOnce'>;

export interface Caller {
  readonly key: KeyEntry;
  /** The signed part of the envelope. Absent when there was no signature. */
  readonly signedXml?: string;
  /** Whether this message cannot be a replay by an eavesdropper. */
  readonly isFresh: boolean;
}

/** The tolerated difference between the clocks of a partner and the hub. */
const TOLERANCE_MS = 5 * 60_000;

/** The key of HTTP Basic, if present. @throws Refusal 401 for a wrong one, 429 after too many */
export async function basicKey(
  c: Context,
  { keys, guessLimit }: Pick<AuthenticationContext, 'keys' | 'guessLimit'>,
): Promise<KeyEntry | undefined> {
  const header = c.req.header('authorization');
  if (header === undefined) return undefined;
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header) ?? [];
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  const key = colon === -1 ? undefined : keys.byPassword(text.slice(0, colon), text.slice(colon + 1));
  if (colon !== -1) await guessLimit.check(c, key);
  if (key) return key;
  throw unauthorized('the Authorization header has no valid user name and password (Basic)');
}

/**
 * Authenticates the sender of an envelope. All given credentials are checked, and must belong to one
 * key.
 *
 * @throws Refusal 401: with a challenge when there are no credentials, without it for a wrong WS-Security header
 */
export async function authenticate(
  c: Context,
  hub: AuthenticationContext,
  basic: KeyEntry | undefined,
  security: Security | undefined,
  xml: Buffer,
): Promise<Caller> {
  const { expires, token, signature } = security ?? {};
  // An expired message never counts (WS-Security 1.1.1, section 10).
  if (expires !== undefined && instantMs('Expires', expires) + TOLERANCE_MS < hub.nowMs())
    throw new Refusal('unauthorized', `the message expired at ${expires}`);
  const byToken = token && (await tokenKey(c, hub, token));
  const bySignature = signature && (await signatureKey(hub, signature, xml));
  const keys = [basic, byToken, bySignature?.key].filter((key) => key !== undefined);
  const [key] = keys;
  if (!key) return { key: keyShown(c, hub.keys), isFresh: true };
  if (keys.some((other) => other.id !== key.id))
    throw new Refusal('unauthorized', 'the credentials are of different keys');
  const isFresh = basic !== undefined || token !== undefined || bySignature?.isFresh === true;
  return { key, isFresh, ...(bySignature && { signedXml: bySignature.xml }) };
}

/** The key of the client certificate, when there are no other credentials. */
function keyShown(c: Context, keys: Keys): KeyEntry {
  const shown = shownBy(c, keys);
  if (shown?.key) return shown.key;
  throw unauthorized(
    `${shown?.why ?? 'the request brings no credentials'}, expected HTTP Basic or a WS-Security header`,
  );
}

function unauthorized(why: string): Refusal {
  return new Refusal('unauthorized', why, {
    headers: { 'WWW-Authenticate': 'Basic realm="lienthong", charset="UTF-8"' },
  });
}

async function tokenKey(c: Context, hub: AuthenticationContext, token: UsernameToken): Promise<KeyEntry> {
  if (!token.isDigest && !hub.clients.isPrivate(c))
    throw new Refusal('unauthorized', 'a PasswordText is taken over TLS only, expected a PasswordDigest');
  if (token.isDigest && (!token.nonce || !token.created))
    throw new Refusal('unauthorized', 'a PasswordDigest needs Nonce and Created, and they are missing');
  if (token.nonce !== undefined && !isBase64(token.nonce))
    throw new Refusal(
      'unauthorized',
      `the Nonce is ${quote(token.nonce)}, expected base64 (UsernameToken Profile 1.0)`,
    );
  const key = token.isDigest ? digestKey(hub.keys, token) : hub.keys.byPassword(token.username, token.password);
  await hub.guessLimit.check(c, key);
  if (!key) throw new Refusal('unauthorized', 'the user name or the password of the UsernameToken is wrong');
  const createdMs = token.created === undefined ? hub.nowMs() : timely(hub, token.created);
  if (token.nonce !== undefined) await once(hub, key, 'nonce', token.nonce, createdMs);
  return key;
}

/**
 * Other characters are ignored by decoders, so one nonce could have many forms. Some clients omit the
 * padding.
 */
function isBase64(text: string): boolean {
  const bare = text.replaceAll(/[ \t\r\n]/g, '');
  return bare !== '' && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(bare);
}

function digestKey(keys: Keys, { username, password, nonce = '', created = '' }: UsernameToken): KeyEntry | undefined {
  const key = keys.byId(username);
  // The same work whether or not the user exists.
  const expected = passwordDigest(nonce, created, key?.secret ?? '');
  return sameText(expected, password.trim()) && key ? key : undefined;
}

/**
 * Password_Digest = Base64(SHA-1(nonce + created + password)) (UsernameToken Profile 1.0).
 *
 * Node-soap offers it too, but takes 100 ms of the event loop and 20 MB to load.
 */
function passwordDigest(nonce: string, created: string, password: string): string {
  return createHash('sha1').update(Buffer.from(nonce, 'base64')).update(`${created}${password}`).digest('base64');
}

async function signatureKey(
  hub: AuthenticationContext,
  claim: SignatureClaim,
  xml: Buffer,
): Promise<{ key: KeyEntry; xml: string; isFresh: boolean }> {
  const certificate = certificateOf(claim);
  const key = hub.keys.byCertificate(certificate.fingerprint256);
  if (!key)
    throw new Refusal(
      'unauthorized',
      `no key has the certificate with the SHA-256 fingerprint ${certificate.fingerprint256}`,
    );
  const now = hub.nowMs();
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
    throw new Refusal(
      'unauthorized',
      `the certificate is valid from ${certificate.validFrom} to ${certificate.validTo}`,
    );
  const verified = await checkSignature({
    xml: xml.toString(),
    signature: claim.xml,
    certificate: certificate.toString(),
    bodyId: claim.bodyId,
    timestampId: claim.timestampId,
  });
  // Without a signed time a message can be replayed. It may push, because a repeated push is harmless, but not read.
  if (!verified.isTimestampSigned || claim.created === undefined) return { key, xml: verified.xml, isFresh: false };
  const createdMs = timely(hub, claim.created);
  await once(hub, key, 'signature', claim.value, createdMs);
  return { key, xml: verified.xml, isFresh: true };
}

function certificateOf({ certificate }: SignatureClaim): X509Certificate {
  let read: X509Certificate | undefined;
  try {
    read = new X509Certificate(Buffer.from(certificate, 'base64'));
  } catch {
    throw new Refusal(
      'unauthorized',
      'the certificate of the Signature cannot be read, expected X.509 (DER) in base64',
    );
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = read.publicKey;
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return read;
  throw new Refusal(
    'unauthorized',
    `the certificate has a ${asymmetricKeyType} key, expected RSA of at least 2048 bits`,
  );
}

/** The creation time of a message, which must be within five minutes of the hub's time. */
function timely({ nowMs }: AuthenticationContext, created: string): number {
  const atMs = instantMs('Created', created);
  if (Math.abs(atMs - nowMs()) <= TOLERANCE_MS) return atMs;
  throw new Refusal(
    'unauthorized',
    `Created is ${created}, expected a time within 5 minutes of the hub's, which is ${msToInstant(nowMs())}`,
  );
}

/** In WS-Security a time without a zone is UTC. */
function instantMs(what: string, text: string): number {
  const instant = parseInstant(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
  if (instant !== undefined) return Date.parse(instant);
  throw new Refusal('unauthorized', `${what} is ${quote(text)}, expected a time such as 2025-08-12T01:15:00Z`);
}

/** Compares the bytes, because the same base64 has many forms. */
async function once(
  hub: AuthenticationContext,
  key: KeyEntry,
  kind: 'nonce' | 'signature',
  base64: string,
  createdMs: number,
): Promise<void> {
  const nonce = `${kind} ${Buffer.from(base64, 'base64').toString('base64')}`;
  // Slightly longer than the tolerance, for processes whose clocks differ.
  const expiresAtMs = createdMs + 2 * TOLERANCE_MS;
  if (!(await hub.useOnce({ keyName: key.id, nonce, expiresAtMs })))
    throw new Refusal('unauthorized', `this message was received before (a replay): its ${kind} has been used`);
}
