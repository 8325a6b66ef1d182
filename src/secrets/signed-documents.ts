import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CompactSign, calculateJwkThumbprint, compactVerify, decodeProtectedHeader, type JWK } from 'jose';

/**
 * What is to hold outside the hub: a compact JWS (RFC 7515) that anybody checks who has the public key, without a secret
 * and without the hub. `typ` says what it is, so that one is never taken for the other; a change that readers have to
 * know of gets a `typ` of its own.
 */
const ATTESTED_TYPES = {
  receipt: 'lienthong-receipt.v1+jws',
  evidence: 'lienthong-evidence.v1+jws',
  snapshot: 'lienthong-snapshot.v1+jws',
} as const;
export type AttestedType = keyof typeof ATTESTED_TYPES;

/** A public key as it is published (RFC 8037); `kid` is its thumbprint (RFC 7638). */
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

export interface AttestingKey {
  readonly secret: KeyObject;
  readonly published: PublicKey;
}

/** PKCS #8 of an Ed25519 key, but for the 32 bytes of the key itself (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed the 32 bytes of an Ed25519 private key */
export async function attestingKey(seed: Uint8Array): Promise<AttestingKey> {
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(secret).export({ format: 'jwk' });
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  const kid = await calculateJwkThumbprint(jwk);
  return { secret, published: { ...jwk, kid, alg: 'EdDSA', use: 'sig' } };
}

/** The public key goes along: whoever was never given the published ones can still tell what was changed since. */
export function attest({ secret, published }: AttestingKey, type: AttestedType, content: object): Promise<string> {
  const { kty, crv, x, kid } = published;
  return new CompactSign(Buffer.from(JSON.stringify(content)))
    .setProtectedHeader({ alg: 'EdDSA', typ: ATTESTED_TYPES[type], kid, jwk: { kty, crv, x } })
    .sign(secret);
}

export interface Attested {
  readonly type: AttestedType;
  readonly kid: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the hub has put together; its type says which members it has
  readonly content: any;
}

/** It is not what the hub signed; the message says why, in words. */
export class NotAttested extends Error {}

/**
 * Check a JWS of the hub's.
 *
 * @param keys the published ones, by which alone it is checked; without them it is by the key that goes along, which tells
 * that nothing was changed and not whose it is
 * @throws NotAttested
 */
export async function checkAttested(text: string, keys?: readonly JWK[]): Promise<Attested> {
  const { alg, typ, kid, jwk } = headerOf(text);
  // Before any key is looked at: a key that anybody knows must not be taken for a secret (HS256), nor none at all.
  if (alg !== 'EdDSA') throw new NotAttested(`it is signed by ${JSON.stringify(alg)}, expected EdDSA`);
  const type = (Object.keys(ATTESTED_TYPES) as AttestedType[]).find((one) => ATTESTED_TYPES[one] === typ);
  if (!type)
    throw new NotAttested(
      `its typ is ${JSON.stringify(typ)}, expected one of ${Object.values(ATTESTED_TYPES).join(', ')}`,
    );
  if (typeof kid !== 'string') throw new NotAttested('it does not say by which key it is signed (kid)');
  const key = keys ? keys.find((one) => one.kid === kid) : jwk;
  if (!key)
    throw new NotAttested(keys ? `its key ${kid} is none of the given keys` : 'its public key does not go along (jwk)');
  if (key.kty !== 'OKP' || key.crv !== 'Ed25519' || (await calculateJwkThumbprint(key)) !== kid)
    throw new NotAttested(`the key that is called ${kid} is another one, or none of Ed25519`);
  const { kty, crv, x } = key;
  try {
    const { payload } = await compactVerify(text, { kty, crv, x } as JWK, { algorithms: ['EdDSA'] });
    return { type, kid, content: JSON.parse(Buffer.from(payload).toString()) };
  } catch {
    throw new NotAttested(`the signature is not that of the key ${kid}: it was changed, or another key has signed it`);
  }
}

function headerOf(text: string) {
  try {
    if (text.split('.').length === 3) return decodeProtectedHeader(text);
  } catch {
    // Said below.
  }
  throw new NotAttested('it is not a compact JWS: expected three parts in base64url, divided by dots');
}
