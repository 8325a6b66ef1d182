import { createHash } from 'node:crypto';

/** A fingerprint of 22 characters: the same for the same texts in the same order, and only for them. */
export function fingerprint(texts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:${text}`);
  return hash.digest('base64url').slice(0, 22);
}

/** The same for many texts. Yields the event loop in between. */
export async function fingerprintYielding(texts: Iterable<string>): Promise<string> {
  const hash = createHash('sha256');
  let length = 0;
  for (const text of texts) {
    hash.update(`${text.length}:${text}`);
    length += text.length;
    if (length < TURN_CHARACTERS) continue;
    length = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return hash.digest('base64url').slice(0, 22);
}

const TURN_CHARACTERS = 1024 * 1024;

/** SHA-256 of bytes or of a text in UTF-8, in lower-case hex. For files, and signatures that partners define so. */
export function sha256Hex(given: string | Uint8Array): string {
  return createHash('sha256').update(given).digest('hex');
}
