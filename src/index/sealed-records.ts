import { hash } from 'node:crypto';
import { type ContentId, isSameContent } from '#core/dossier/content-id';
import type { Sealed, Vault } from '../secrets/vault.ts';

interface Written {
  bytes?: Buffer | undefined;
  hash?: string;
  sealed?: Sealed;
  sealedId?: { readonly id: ContentId; readonly keyId: number; readonly bytes: Buffer };
}

/**
 * Caches each record's bytes, hash and encrypted form for all tables. The event and the newest state of a new dossier
 * are the same object.
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

/** Larger bytes are not cached: those of a batch of 900 records of 20 KB had taken 18 MB from the first hash to the commit. */
const CACHED_BYTES = 16 * 1024;

/**
 * The record's JSON as UTF-8. Members are in the schema's order, so equal content is equal JSON. The text itself is not
 * cached: with Vietnamese letters it takes twice the memory of its bytes.
 */
export function bytesOf(record: object): Buffer {
  const known = of(record);
  if (known.bytes) return known.bytes;
  const bytes = Buffer.from(JSON.stringify(record));
  if (bytes.length <= CACHED_BYTES) known.bytes = bytes;
  return bytes;
}

/** The hash of the record's content, base64. */
export function hashOf(record: object): string {
  const known = of(record);
  known.hash ??= hash('sha256', bytesOf(record), 'base64');
  return known.hash;
}

/**
 * Identifies an item's content.
 *
 * @param extra the item's content outside its record
 */
export function contentIdOf(record: object, extra: string | undefined): ContentId {
  if (extra === undefined) return { record: hashOf(record) };
  return { record: hashOf(record), extra: hash('sha256', extra, 'base64') };
}

export function sealRecord(vault: Vault, record: object): Sealed {
  const known = of(record);
  if (known.sealed?.keyId !== vault.keyId) known.sealed = vault.sealCompressed('record', bytesOf(record));
  return known.sealed;
}

/**
 * A content id in its stored form, encrypted once for all tables: the record's hash, then a zero byte and the hash of
 * the extra content.
 */
export function sealContentId(vault: Vault, record: object, id: ContentId): Buffer {
  const known = of(record);
  if (known.sealedId?.keyId !== vault.keyId || !isSameContent(known.sealedId.id, id)) {
    const own = Buffer.from(id.record, 'base64');
    const whole = id.extra === undefined ? own : Buffer.concat([own, Buffer.of(0), Buffer.from(id.extra, 'base64')]);
    known.sealedId = { id, keyId: vault.keyId, bytes: vault.sealHash(whole) };
  }
  return known.sealedId.bytes;
}

const HASH_BYTES = 32;

/** The content id that `sealContentId` stored. */
export function openContentId(vault: Vault, stored: Uint8Array): ContentId {
  const opened = vault.openHash(stored);
  if (opened.length === HASH_BYTES) return { record: opened.toString('base64') };
  return { record: opened.toString('base64', 0, HASH_BYTES), extra: opened.toString('base64', HASH_BYTES + 1) };
}

/**
 * Drops the cached forms of a record. They take several times the memory of the record. Collections of young objects
 * keep the values of a WeakMap whose keys are gone, so without this they grow old and cost full collections.
 */
export function releaseSerialized(record: object): void {
  written.delete(record);
}
