import { createHash, X509Certificate } from 'node:crypto';
import type { Context } from 'hono';
import { msToInstant, parseInstant } from '#core/dates/dates';
import { say, type Words } from '#messages/message';
import { received } from '#messages/received';
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
  readonly signedXml?: string | undefined;
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
  throw unauthorized(say('no-valid-basic'));
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
    throw new Refusal('unauthorized', say('message-expired', { at: expires }));
  const byToken = token && (await tokenKey(c, hub, token));
  const bySignature = signature && (await signatureKey(hub, signature, xml));
  const keys = [basic, byToken, bySignature?.key].filter((key) => key !== undefined);
  const [key] = keys;
  if (!key) return { key: keyShown(c, hub.keys), isFresh: true };
  if (keys.some((other) => other.id !== key.id)) throw new Refusal('unauthorized', say('different-keys'));
  const isFresh = basic !== undefined || token !== undefined || bySignature?.isFresh === true;
  return { key, isFresh, signedXml: bySignature?.xml };
}

/** The key of the client certificate, when there are no other credentials. */
function keyShown(c: Context, keys: Keys): KeyEntry {
  const shown = shownBy(c, keys);
  if (shown?.key) return shown.key;
  throw unauthorized(say('soap-credentials-expected', { why: shown?.why ?? say('no-credentials') }));
}

function unauthorized(words: Words): Refusal {
  return new Refusal('unauthorized', words, {
    headers: { 'WWW-Authenticate': 'Basic realm="lienthong", charset="UTF-8"' },
  });
}

async function tokenKey(c: Context, hub: AuthenticationContext, token: UsernameToken): Promise<KeyEntry> {
  if (!token.isDigest && !hub.clients.isPrivate(c)) throw new Refusal('unauthorized', say('password-text-without-tls'));
  if (token.isDigest && (!token.nonce || !token.created)) throw new Refusal('unauthorized', say('digest-needs-nonce'));
  if (token.nonce !== undefined && !isBase64(token.nonce))
    throw new Refusal('unauthorized', say('nonce-not-base64', { got: received(token.nonce) }));
  const key = token.isDigest ? digestKey(hub.keys, token) : hub.keys.byPassword(token.username, token.password);
  await hub.guessLimit.check(c, key);
  if (!key) throw new Refusal('unauthorized', say('username-token-wrong'));
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
    throw new Refusal('unauthorized', say('certificate-of-no-key', { fingerprint: certificate.fingerprint256 }));
  const now = hub.nowMs();
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
    throw new Refusal(
      'unauthorized',
      say('certificate-validity', { from: certificate.validFrom, until: certificate.validTo }),
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
    throw new Refusal('unauthorized', say('signature-certificate-unreadable'));
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = read.publicKey;
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return read;
  throw new Refusal('unauthorized', say('certificate-key-type', { type: String(asymmetricKeyType) }));
}

/** The creation time of a message, which must be within five minutes of the hub's time. */
function timely({ nowMs }: AuthenticationContext, created: string): number {
  const atMs = instantMs('Created', created);
  if (Math.abs(atMs - nowMs()) <= TOLERANCE_MS) return atMs;
  throw new Refusal('unauthorized', say('created-too-far', { moment: created, at: msToInstant(nowMs()) }));
}

/** In WS-Security a time without a zone is UTC. */
function instantMs(what: string, text: string): number {
  const instant = parseInstant(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
  if (instant !== undefined) return Date.parse(instant);
  throw new Refusal('unauthorized', say('no-time', { what, got: received(text) }));
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
    throw new Refusal('unauthorized', say('message-replayed', { what: kind }));
}
