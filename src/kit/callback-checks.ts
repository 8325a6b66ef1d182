import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { sameText } from '../secrets/same-text.ts';
import { jsonObject } from './replies.ts';

/** What a partner sent as a JSON object; undefined for everything else, and for bytes that are not UTF-8: they would be lost. */
export function sentObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  return isUtf8(body) ? jsonObject(withoutMark(body)) : undefined;
}

function withoutMark(body: Uint8Array): Uint8Array {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

/** Whether a partner gave the secret that was agreed on, compared in a time that tells nothing of it. */
export function isSecret(given: string | null | undefined, secret: string): boolean {
  return sameText(given ?? '', secret) && secret !== '';
}

/**
 * Whether a signature is the HMAC of a body by a secret: in hex or base64, also with the name of its algorithm before it
 * (`sha256=…`). Compared in a time that tells nothing of it.
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
  // Base64 is compared as text: decoding it passes over whatever is none.
  const same = isHex ? sameText(text.toLowerCase(), wanted.toString('hex')) : sameText(text, wanted.toString('base64'));
  return same && secret !== '';
}
