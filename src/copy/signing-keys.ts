import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import { type SignedDocument, verifyDocument } from '../secrets/signed-documents.ts';
import { failed } from './copy-file.ts';

/** The keys whose signatures the copy accepts. */
export interface SigningKeys {
  /**
   * Returns the content of a signed snapshot.
   *
   * @param published the keys that the hub publishes now
   * @throws InvalidDocument
   */
  check(signed: string, published: () => Promise<readonly JWK[]>): Promise<SignedDocument>;
}

/**
 * Opens the store of trusted keys.
 *
 * @param given the only trusted keys. Undefined: the copy stores the first keys that the hub publishes, and
 * warns about a new key.
 */
export function createSigningKeys(folder: string, given: readonly JWK[] | undefined, log: Logger): SigningKeys {
  const path = join(folder, 'jwks.json');
  return {
    async check(signed, published) {
      if (given) return verifyDocument(signed, given);
      const known = await readKeys(path).catch(() => []);
      const now = await published();
      const document = await verifyDocument(signed, [...known, ...now]);
      if (!known.some(({ kid }) => kid === document.kid))
        log.warn(
          { kid: document.kid, known: known.map(({ kid }) => kid) },
          "the snapshot is signed by a key that this copy has not seen before: see that it is the hub's, or give --keys",
        );
      const kids = new Set(known.map(({ kid }) => kid));
      const more = now.filter(({ kid }) => !kids.has(kid));
      if (more.length > 0) await keepKeys(path, [...known, ...more]);
      return document;
    },
  };
}

async function keepKeys(path: string, keys: readonly JWK[]): Promise<void> {
  try {
    await writeFile(`${path}.part`, `${JSON.stringify({ keys })}\n`, { mode: 0o600 });
    await rename(`${path}.part`, path);
  } catch (error) {
    throw failed(path, 'written', error);
  }
}

/** @throws when the file is not a key set */
export async function readKeys(path: string): Promise<readonly JWK[]> {
  const { keys } = JSON.parse(await readFile(path, 'utf8'));
  if (!Array.isArray(keys)) throw new Error(`${path} has no keys: expected what /.well-known/jwks.json gives`);
  return keys.filter((key) => typeof key === 'object' && key !== null);
}
