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
import type { AttestedType, AttestingKey, PublicKey } from './attested.ts';
import { sameText } from './same-text.ts';

/** A value encrypted at rest. The key's id is kept beside it, so that keys can be rotated. */
export interface Sealed {
  readonly keyId: number;
  readonly bytes: Buffer;
}

/** Everything that is done with HUB_SECRET. No other module sees it. */
export interface Vault {
  /** The id of the key that new values are sealed with. */
  readonly keyId: number;
  /** Encrypt with AES-256-GCM under the newest key. */
  seal(plain: string | Uint8Array): Sealed;
  /** Decrypt. Throws when the key is not known or the bytes were changed. */
  open(sealed: Sealed): Buffer;
  /** Whether a key is of one of the secrets. */
  knows(keyId: number): boolean;
  /** Keyed hash for the citizen's proof: the same for the same digits of the same dossier, useless without the key. */
  proof(code: string, digits: string): Buffer;
  /** Whether a proof that is kept is of these digits, under the newest secret or an older one. */
  proves(code: string, digits: string, kept: Uint8Array): boolean;
  /** A signed text, `text.signature`; what was signed for one use is nothing for another. */
  sign(use: SignedUse, text: string): string;
  /** The text of a signed text, or undefined when the signature is not ours, or for another use. */
  verify(use: SignedUse, signed: string): string | undefined;
  /** Sign with the newest key what is to hold outside the hub: a compact JWS. */
  attest(type: AttestedType, content: object): Promise<string>;
  /** The keys by which anybody checks what was signed so, the newest first. */
  publicKeys(): Promise<readonly PublicKey[]>;
}

export type SignedUse = 'cursor' | 'session' | 'audit';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * @param secrets the newest first; the others only open what they sealed once. At least 32 bytes each (checked by config).
 */
export function createVault(secrets: readonly [string, ...string[]]): Vault {
  const keys = secrets.map(deriveKeys);
  const byId = new Map(keys.map((key) => [key.id, key]));
  const newest = keys[0] as Keys;
  const nextIv = ivSource();
  // Made, and what makes them loaded, when somebody asks the first time: a push needs none of it.
  let made: Promise<readonly AttestingKey[]> | undefined;
  const attesting = () => {
    made ??= import('./attested.ts').then(({ attestingKey }) =>
      Promise.all(keys.map((key) => attestingKey(key.attesting.export()))),
    );
    return made;
  };
  return {
    keyId: newest.id,
    seal(plain) {
      const iv = nextIv();
      const cipher = createCipheriv('aes-256-gcm', newest.sealing, iv);
      const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
      const rest = cipher.final();
      return { keyId: newest.id, bytes: Buffer.concat([iv, cipher.getAuthTag(), body, rest]) };
    },
    open({ keyId, bytes }) {
      const key = byId.get(keyId);
      if (!key) throw new Error(`sealed with key ${keyId}, which HUB_SECRET and HUB_SECRET_OLD do not give`);
      const decipher = createDecipheriv('aes-256-gcm', key.sealing, bytes.subarray(0, IV_BYTES));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const plain = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
      try {
        return Buffer.concat([plain, decipher.final()]);
      } catch (error) {
        throw new Error('the bytes are not those that were sealed', { cause: error });
      }
    },
    knows: (keyId) => byId.has(keyId),
    proof: (code, digits) => proof(newest, code, digits),
    proves: (code, digits, kept) =>
      keys.some((key) => {
        const expected = proof(key, code, digits);
        return expected.length === kept.length && timingSafeEqual(expected, kept);
      }),
    sign: (use, text) => `${text}.${signature(newest, use, text)}`,
    verify(use, signed) {
      const dot = signed.lastIndexOf('.');
      const text = signed.slice(0, Math.max(dot, 0));
      return keys.some((key) => sameText(signature(key, use, text), signed.slice(dot + 1))) ? text : undefined;
    },
    async attest(type, content) {
      const [key] = await attesting();
      const { attest } = await import('./attested.ts');
      return attest(key as AttestingKey, type, content);
    },
    publicKeys: async () => (await attesting()).map(({ published }) => published),
  };
}

interface Keys {
  readonly id: number;
  readonly sealing: KeyObject;
  readonly proving: KeyObject;
  readonly signing: KeyObject;
  /** The seed of the key pair for what is to hold outside. */
  readonly attesting: KeyObject;
}

/** One secret, four keys: what is signed says nothing of what is sealed. */
function deriveKeys(secret: string): Keys {
  // Key objects, because a key given as bytes is made into one at every use.
  const derive = (use: string): KeyObject =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'lienthong', use, 32)));
  const id = derive('key id').export().readInt32BE(0);
  return {
    id,
    sealing: derive('seal'),
    proving: derive('proof'),
    signing: derive('sign'),
    attesting: derive('attest'),
  };
}

/** Random numbers are drawn 4 KiB at a time: one call for each would cost more than the encryption. */
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
