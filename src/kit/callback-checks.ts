import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { sameText } from '../secrets/same-text.ts';
import { jsonObject } from './replies.ts';

/**
 * Parses a partner's body as a JSON object. Undefined for everything else, also for bytes that are not UTF-8 and would
 * be lost.
 */
export function sentObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  return isUtf8(body) ? jsonObject(withoutMark(body)) : undefined;
}

function withoutMark(body: Uint8Array): Uint8Array {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

/** Whether a partner sent the agreed secret. Compares in constant time. */
export function isSecret(given: string | null | undefined, secret: string): boolean {
  return sameText(given ?? '', secret) && secret !== '';
}

/**
 * Whether a signature is the HMAC of a body: in hex or base64, with or without the algorithm before it (`sha256=…`).
 * Compares in constant time.
 */
export function isSigned(
  body: Uint8Array,
  given: string | null | undefined,
  secret: string,
  algorithm: 'sha256' | 'sha512' = 'sha256',
): boolean {
  const wanted = createHmac(algorithm, secret).update(body).digest();
  const text = (given ?? '').trim().replace(new RegExp(`^${algorithm}=`, 'i'), '');
  const isHex = text.length === wanted.length * 2 && /^[0-9a-f]+$/i.test(text);
  // Base64 is compared as text, because decoding ignores invalid characters.
  const same = isHex ? sameText(text.toLowerCase(), wanted.toString('hex')) : sameText(text, wanted.toString('base64'));
  return same && secret !== '';
}
