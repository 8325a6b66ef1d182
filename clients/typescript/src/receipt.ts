import { fromBase64 } from './webhook.ts';

/** A public key of the hub (RFC 8037). */
export interface PublicKey {
  readonly kid?: string;
  readonly x?: string;
}

export interface ReceiptItem {
  readonly index: number;
  readonly code?: string;
  readonly outcome: string;
}

/** What a signed receipt says. */
export interface Receipt {
  readonly receipt: string;
  readonly party: string;
  readonly operation: string;
  readonly receivedAt: string;
  /** SHA-256 of the pushed body, in hexadecimal. */
  readonly sha256: string;
  readonly items: readonly ReceiptItem[];
  readonly [member: string]: unknown;
}

/**
 * Checks the signature of a receipt (JWS, EdDSA) and reads it. Needs no connection to the hub.
 * @param keys of `/.well-known/jwks.json`, stored when the receipt was new
 * @throws Error that says what is wrong
 */
export async function verifyReceipt(signed: string, keys: readonly PublicKey[]): Promise<Receipt> {
  const [head = '', body = '', signature = ''] = signed.trim().split('.');
  const { alg, kid, typ } = read<{ alg?: string; kid?: string; typ?: string }>(head, 'header');
  if (alg !== 'EdDSA' || typ !== 'lienthong-receipt.v1+jws')
    throw new Error(`this is not a receipt: got ${alg} ${typ}, expected EdDSA lienthong-receipt.v1+jws`);
  const jwk = keys.find((one) => one.kid === kid);
  if (!jwk) throw new Error(`the key ${kid} of the receipt is not among the given keys`);
  const key = await crypto.subtle.importKey('jwk', { kty: 'OKP', crv: 'Ed25519', x: jwk.x ?? '' }, 'Ed25519', false, [
    'verify',
  ]);
  const bytes = fromBase64(signature);
  const isValid =
    bytes && (await crypto.subtle.verify('Ed25519', key, bytes, new TextEncoder().encode(`${head}.${body}`)));
  if (!isValid) throw new Error('the receipt was changed: its signature does not fit');
  return read<Receipt>(body, 'content');
}

function read<T>(part: string, what: string): T {
  const bytes = fromBase64(part);
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch {
    throw new Error(`the ${what} of the receipt cannot be read`);
  }
}
