import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto';
import { type Compressible, compress, expand } from './compression.ts';
import { type NumberTokens, numberTokens } from './number-tokens.ts';
import { sameText } from './same-text.ts';
import type { DocumentKey, DocumentType, PublicKey } from './signed-documents.ts';

/** A value encrypted at rest. Its key's id is stored beside it, so that keys can be rotated. */
export interface Sealed {
  readonly keyId: number;
  readonly bytes: Buffer;
}

/** All uses of HUB_SECRET. No other module sees it. */
export interface Vault {
  /** The id of the key that seals new values. */
  readonly keyId: number;
  /** Encrypts with AES-256-GCM under the newest key. */
  seal(plain: string): Sealed;
  /**
   * The same after compression. Only for stored values: the length of a compressed one says something of its content, so
   * nobody outside may see it.
   */
  sealCompressed(of: Compressible, plain: Uint8Array): Sealed;
  /** Decrypts, and expands what was compressed. Throws when the key is unknown or the bytes were changed. */
  open(sealed: Sealed): Buffer;
  /** Whether the key belongs to one of the secrets. */
  knows(keyId: number): boolean;
  /** Keyed hash for the citizen's proof: deterministic for one dossier's digits, useless without the key. */
  proof(code: string, digits: string): Buffer;
  /** Whether a stored proof is of these digits, under the newest secret or an older one. */
  proves(code: string, digits: string, kept: Uint8Array): boolean;
  /**
   * Encrypts a SHA-256 of personal data, or two with a zero byte between them. So nobody without HUB_SECRET can test a guess of
   * the content. Equal hashes give equal bytes under one key.
   */
  sealHash(hash: Uint8Array): Buffer;
  /**
   * Returns the hash that `sealHash` sealed. A hash that an older version stored in clear comes back unchanged. Throws when no
   * secret has the key.
   */
  openHash(stored: Uint8Array): Buffer;
  /** The id of the key of a sealed hash; undefined for a hash in clear. */
  hashKeyId(stored: Uint8Array): number | undefined;
  /** The index entry of a search word: keyed with the newest key, deterministic. */
  wordToken(word: string): string;
  /** The same under every key, newest first, so that a search also finds rows of an older secret. */
  wordTokens(word: string): readonly string[];
  /** Keyed hashes of a text that is only ever compared, under every key, newest first. */
  blind(use: BlindUse, text: string): readonly [string, ...string[]];
  /** A signed text, `text.signature`; a signature for one use is invalid for another. */
  sign(use: SignedUse, text: string): string;
  /** The text of a signed text; undefined when the signature is foreign or for another use. */
  verify(use: SignedUse, signed: string): string | undefined;
  /** Encrypts numbers for one use, each into a token of 22 characters. Nobody without HUB_SECRET can make one. */
  numberTokens(use: string, numbers: readonly number[]): readonly string[];
  /** The number of such a token; undefined when it is foreign or for another use. */
  numberOf(use: string, token: string): number | undefined;
  /** Signs a document for use outside the hub with the newest key: a compact JWS. */
  signDocument(type: DocumentType, content: object): Promise<string>;
  /** The public keys that verify such documents, newest first. */
  publicKeys(): Promise<readonly PublicKey[]>;
}

export type SignedUse = 'cursor' | 'session' | 'audit' | 'erased audit' | 'receipt' | 'file';
export type BlindUse = 'tries' | 'idempotency' | 'imported file' | 'refused body' | 'file address';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 4;
const BLOCK_BYTES = 16;

/** @param secrets newest first; the others only open earlier values. At least 32 bytes each (checked by config). */
export function createVault(secrets: readonly [string, ...string[]]): Vault {
  const keys = secrets.map(deriveKeys);
  const byId = new Map(keys.map((key) => [key.id, key]));
  const newest = keys[0] as Keys;
  const nextIv = ivSource();
  const documentKeys = loadDocumentKeys(keys);

  function keyOf(keyId: number): Keys {
    const key = byId.get(keyId);
    if (!key) throw new Error(`sealed with key ${keyId}, which neither HUB_SECRET nor HUB_SECRET_OLD contains`);
    return key;
  }

  return {
    keyId: newest.id,
    seal: (plain) => sealWith(newest, nextIv(), plain),
    sealCompressed: (of, plain) => sealWith(newest, nextIv(), compress(of, plain)),
    open: (sealed) => expand(openWith(keyOf(sealed.keyId), sealed.bytes)),
    knows: (keyId) => byId.has(keyId),
    proof: (code, digits) => proof(newest, code, digits),
    proves: (code, digits, kept) =>
      keys.some((key) => {
        const expected = proof(key, code, digits);
        return expected.length === kept.length && timingSafeEqual(expected, kept);
      }),
    sealHash: newest.hashing.seal,
    openHash(stored) {
      const keyId = hashKeyId(stored);
      if (keyId === undefined) return Buffer.from(stored);
      return keyOf(keyId).hashing.open(stored);
    },
    hashKeyId,
    wordToken: newest.wordToken,
    wordTokens: (word) => keys.map((key) => key.wordToken(word)),
    blind: (use, text) => keys.map((key) => blind(key, use, text)) as [string, ...string[]],
    sign: (use, text) => `${text}.${signature(newest, use, text)}`,
    verify(use, signed) {
      const dot = signed.lastIndexOf('.');
      const text = signed.slice(0, Math.max(dot, 0));
      return keys.some((key) => sameText(signature(key, use, text), signed.slice(dot + 1))) ? text : undefined;
    },
    numberTokens: newest.numbers.write,
    numberOf(use, token) {
      for (const { numbers } of keys) {
        const number = numbers.read(use, token);
        if (number !== undefined) return number;
      }
      return undefined;
    },
    async signDocument(type, content) {
      const [key] = await documentKeys();
      const { signDocument } = await import('./signed-documents.ts');
      return signDocument(key as DocumentKey, type, content);
    },
    publicKeys: async () => (await documentKeys()).map(({ published }) => published),
  };
}

interface Keys {
  readonly id: number;
  readonly sealing: KeyObject;
  readonly proving: KeyObject;
  readonly signing: KeyObject;
  readonly hashing: HashKey;
  readonly blinding: KeyObject;
  readonly wordToken: (word: string) => string;
  readonly numbers: NumberTokens;
  /** The seed of the key pair for signed documents. */
  readonly documents: KeyObject;
}

/** Derives one key for each use, so that a signature reveals nothing about sealed values. */
function deriveKeys(secret: string): Keys {
  // Key objects, because Node converts a key given as bytes at every use.
  const derive = (use: string): KeyObject =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'lienthong', use, 32)));
  const id = derive('key id').export().readInt32BE(0);
  return {
    id,
    sealing: derive('seal'),
    proving: derive('proof'),
    signing: derive('sign'),
    hashing: hashKey(id, derive('hash')),
    blinding: derive('blind'),
    wordToken: wordTokens(derive('search')),
    numbers: numberTokens(derive('numbers')),
    documents: derive('attest'),
  };
}

function sealWith({ id, sealing }: Keys, iv: Buffer, plain: string | Uint8Array): Sealed {
  const cipher = createCipheriv('aes-256-gcm', sealing, iv);
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  const rest = cipher.final();
  return { keyId: id, bytes: Buffer.concat([iv, cipher.getAuthTag(), body, rest]) };
}

function openWith({ sealing }: Keys, bytes: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', sealing, bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plain = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch (error) {
    throw new Error('the bytes are not those that were sealed', { cause: error });
  }
}

/** The key pairs for signed documents, loaded and created on first use: a push needs none of it. */
function loadDocumentKeys(keys: readonly Keys[]): () => Promise<readonly DocumentKey[]> {
  let made: Promise<readonly DocumentKey[]> | undefined;
  return () => {
    made ??= import('./signed-documents.ts').then(({ createDocumentKey }) =>
      Promise.all(keys.map(({ documents }) => createDocumentKey(documents.export()))),
    );
    return made;
  };
}

interface HashKey {
  readonly seal: (hash: Uint8Array) => Buffer;
  readonly open: (stored: Uint8Array) => Buffer;
}

/**
 * A hash is encrypted and not hashed again with the key. So a new secret can take over hashes whose content is gone. ECB only
 * shows which blocks are equal. A SHA-256 fills two blocks, which two different ones never share. One cipher serves all hashes:
 * 0.4 µs each against 1.6 µs with one for each.
 */
function hashKey(id: number, key: KeyObject): HashKey {
  const keyId = Buffer.allocUnsafe(KEY_ID_BYTES);
  keyId.writeInt32BE(id);
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return {
    seal(hash) {
      if (hash.length === HASH_BYTES) return Buffer.concat([keyId, cipher.update(hash)]);
      // Drops the zero byte between two hashes (see sealContentId).
      return Buffer.concat([
        keyId,
        cipher.update(hash.subarray(0, HASH_BYTES)),
        cipher.update(hash.subarray(HASH_BYTES + 1)),
      ]);
    },
    open(stored) {
      const plain = decipher.update(stored.subarray(KEY_ID_BYTES));
      if (plain.length === HASH_BYTES) return plain;
      return Buffer.concat([plain.subarray(0, HASH_BYTES), Buffer.of(0), plain.subarray(HASH_BYTES)]);
    },
  };
}

const HASH_BYTES = 32;

/** A sealed hash is a key id and whole blocks: 36 bytes, or 68 for two. Hashes in clear have 32, or 65. */
function hashKeyId(stored: Uint8Array): number | undefined {
  if (stored.length % BLOCK_BYTES !== KEY_ID_BYTES) return undefined;
  return new DataView(stored.buffer, stored.byteOffset).getInt32(0);
}

/**
 * Tokens of words under one key. Names repeat a few thousand syllables: 0.05 µs from the cache against 1.6 µs. 48 bits: among
 * 20,000 distinct words a shared token is unlikely.
 */
function wordTokens(key: KeyObject): (word: string) => string {
  const known = new Map<string, string>();
  return (word) => {
    let token = known.get(word);
    if (token === undefined) {
      token = `~${createHmac('sha256', key).update(word).digest().toString('base64url', 0, TOKEN_BYTES)}`;
      if (known.size >= CACHED_WORDS) known.clear();
      known.set(word, token);
    }
    return token;
  };
}

const TOKEN_BYTES = 6;
const CACHED_WORDS = 20_000;

function blind({ blinding }: Keys, use: BlindUse, text: string): string {
  return createHmac('sha256', blinding).update(`${use}\n${text}`).digest('base64url');
}

/** Random bytes are drawn 4 KiB at a time: one call for each would cost more than the encryption. */
function ivSource(): () => Buffer {
  const pool = Buffer.alloc(IV_BYTES * 340);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const iv = Buffer.from(pool.subarray(at, at + IV_BYTES));
    at += IV_BYTES;
    return iv;
  };
}

function proof(keys: Keys, code: string, digits: string): Buffer {
  return createHmac('sha256', keys.proving).update(`${code}\n${digits}`).digest();
}

function signature(keys: Keys, use: SignedUse, text: string): string {
  return createHmac('sha256', keys.signing).update(`${use}\n${text}`).digest('base64url');
}
