import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CompactSign, calculateJwkThumbprint, compactVerify, decodeProtectedHeader, type JWK } from 'jose';

/**
 * A document for use outside the hub: a compact JWS (RFC 7515) that anybody with the public key can verify, without a secret
 * and without the hub. `typ` names its kind, so that one kind never passes for another; a breaking change gets a new `typ`.
 */
const DOCUMENT_TYPES = {
  receipt: 'lienthong-receipt.v1+jws',
  evidence: 'lienthong-evidence.v1+jws',
  snapshot: 'lienthong-snapshot.v1+jws',
  archive: 'lienthong-archive.v1+jws',
} as const;
export type DocumentType = keyof typeof DOCUMENT_TYPES;

/** A published public key (RFC 8037); `kid` is its thumbprint (RFC 7638). */
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

export interface DocumentKey {
  readonly secret: KeyObject;
  readonly published: PublicKey;
}

/** PKCS #8 of an Ed25519 key without the 32 bytes of the key itself (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed the 32 bytes of an Ed25519 private key */
export async function createDocumentKey(seed: Uint8Array): Promise<DocumentKey> {
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(secret).export({ format: 'jwk' });
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  const kid = await calculateJwkThumbprint(jwk);
  return { secret, published: { ...jwk, kid, alg: 'EdDSA', use: 'sig' } };
}

/** Includes the public key, so that a reader without the published keys can still detect changes. */
export function signDocument({ secret, published }: DocumentKey, type: DocumentType, content: object): Promise<string> {
  const { kty, crv, x, kid } = published;
  return new CompactSign(Buffer.from(JSON.stringify(content)))
    .setProtectedHeader({ alg: 'EdDSA', typ: DOCUMENT_TYPES[type], kid, jwk: { kty, crv, x } })
    .sign(secret);
}

export interface SignedDocument {
  readonly type: DocumentType;
  readonly kid: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the hub has put together; its type says which members it has
  readonly content: any;
}

/** The document is not what the hub signed; the message says why. */
export class InvalidDocument extends Error {}

/**
 * Verifies a signed document of the hub.
 * @param keys the published keys, the only ones to trust; without them the included key proves that nothing was changed,
 * but not the signer
 * @throws InvalidDocument
 */
export async function verifyDocument(text: string, keys?: readonly JWK[]): Promise<SignedDocument> {
  const { alg, typ, kid, jwk } = headerOf(text);
  // Checked before any key: a public key must never serve as a secret (HS256), and `none` is no signature.
  if (alg !== 'EdDSA') throw new InvalidDocument(`it is signed by ${JSON.stringify(alg)}, expected EdDSA`);
  const type = (Object.keys(DOCUMENT_TYPES) as DocumentType[]).find((one) => DOCUMENT_TYPES[one] === typ);
  if (!type)
    throw new InvalidDocument(
      `its typ is ${JSON.stringify(typ)}, expected one of ${Object.values(DOCUMENT_TYPES).join(', ')}`,
    );
  if (typeof kid !== 'string') throw new InvalidDocument('it does not say by which key it is signed (kid)');
  const key = keys ? keys.find((one) => one.kid === kid) : jwk;
  if (!key)
    throw new InvalidDocument(
      keys ? `its key ${kid} is none of the given keys` : 'its public key does not go along (jwk)',
    );
  if (key.kty !== 'OKP' || key.crv !== 'Ed25519' || (await calculateJwkThumbprint(key)) !== kid)
    throw new InvalidDocument(`the key that is called ${kid} is another one, or none of Ed25519`);
  const { kty, crv, x } = key;
  try {
    const { payload } = await compactVerify(text, { kty, crv, x } as JWK, { algorithms: ['EdDSA'] });
    return { type, kid, content: JSON.parse(Buffer.from(payload).toString()) };
  } catch {
    throw new InvalidDocument(
      `the signature is not that of the key ${kid}: it was changed, or another key has signed it`,
    );
  }
}

function headerOf(text: string) {
  try {
    if (text.split('.').length === 3) return decodeProtectedHeader(text);
  } catch {}
  throw new InvalidDocument('it is not a compact JWS: expected three parts in base64url, divided by dots');
}
