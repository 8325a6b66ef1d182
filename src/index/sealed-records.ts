import { hash } from 'node:crypto';
import type { Sealed, Vault } from '../secrets/vault.ts';

interface Written {
  bytes?: Buffer;
  hash?: string;
  sealed?: Sealed;
  sealedHash?: { readonly of: string; readonly keyId: number; readonly bytes: Buffer };
}

/**
 * A record is written, put into bytes, hashed and encrypted once, however many tables it goes to: of a new dossier the event and the
 * newest state are the same object.
 */
const written = new WeakMap<object, Written>();

function of(record: object): Written {
  let known = written.get(record);
  if (!known) {
    known = {};
    written.set(record, known);
  }
  return known;
}

/**
 * The record's JSON as UTF-8. Records come with their members in the schema's order, so equal content is equal JSON.
 * (The text itself is not kept: with Vietnamese in it, it takes twice the memory of its bytes.)
 */
export function bytesOf(record: object): Buffer {
  const known = of(record);
  known.bytes ??= Buffer.from(JSON.stringify(record));
  return known.bytes;
}

/** The hash of the record's content, base64. */
export function hashOf(record: object): string {
  const known = of(record);
  known.hash ??= hash('sha256', bytesOf(record), 'base64');
  return known.hash;
}

/** Tell a record apart from one of the same content that came with something else besides; see besidesIn (core/apply). */
export function hashWith(record: object, besides: string): void {
  const [own, more] = [hash('sha256', bytesOf(record), 'buffer'), hash('sha256', besides, 'buffer')];
  of(record).hash = Buffer.concat([own, Buffer.of(0), more]).toString('base64');
}

export function sealRecord(vault: Vault, record: object): Sealed {
  const known = of(record);
  if (known.sealed?.keyId !== vault.keyId) known.sealed = vault.seal(bytesOf(record));
  return known.sealed;
}

/** The hash of a record's content as it is stored, sealed once for all tables. @param contentHash base64 */
export function sealHashOf(vault: Vault, record: object, contentHash: string): Buffer {
  const known = of(record);
  if (known.sealedHash?.of !== contentHash || known.sealedHash.keyId !== vault.keyId)
    known.sealedHash = {
      of: contentHash,
      keyId: vault.keyId,
      bytes: vault.sealHash(Buffer.from(contentHash, 'base64')),
    };
  return known.sealedHash.bytes;
}

/** What was written of a record is not needed any more: it takes several times the memory of the record. */
export function forgetWritten(record: object): void {
  written.delete(record);
}
