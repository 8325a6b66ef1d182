import { pipeline, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip, createGzip } from 'node:zlib';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

/** A recovery key stays offline. Only its public half is on the server, so a stolen server opens no backup. */
export interface RecoveryKey {
  /** AGE-SECRET-KEY-1…: opens backups. */
  readonly secret: string;
  /** age1…: seals backups. */
  readonly recipient: string;
}

export async function makeRecoveryKey(): Promise<RecoveryKey> {
  const secret = await generateX25519Identity();
  return { secret, recipient: await identityToRecipient(secret) };
}

/**
 * Compresses and encrypts, in the age format (age-encryption.org/v1), which other tools open too.
 * @throws when `recipient` is not the public half of a recovery key
 */
export async function seal(chunks: AsyncIterable<Buffer>, recipient: string): Promise<Readable> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const compressed = joined(Readable.from(chunks), createGzip({ level: 3 }));
  const sealed = Readable.fromWeb((await encrypter.encrypt(asWeb(compressed))) as ReadableStream);
  // The first rows may fail before the file is open. Its writer finds the error of an ended stream, too.
  sealed.on('error', () => undefined);
  return sealed;
}

/**
 * Decrypts and decompresses. Every chunk is authenticated before it is used.
 * @throws while it is read: another key, a changed byte, a missing end, or an error of the source
 */
export async function* unseal(sealed: AsyncIterable<Buffer>, secret: string): AsyncGenerator<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(secret);
  let bytes = 0;
  let sourceError: Error | undefined;
  const counted = Readable.from(
    (async function* () {
      try {
        for await (const chunk of sealed) {
          bytes += chunk.length;
          yield chunk;
        }
      } catch (error) {
        sourceError = error as Error;
        throw error;
      }
    })(),
  );
  try {
    const plain = Readable.fromWeb((await decrypter.decrypt(asWeb(counted))) as ReadableStream);
    yield* joined(plain, createGunzip()) as AsyncIterable<Buffer>;
  } catch (error) {
    if (sourceError) throw new Error(`the file could not be read: ${sourceError.message}`, { cause: sourceError });
    const why = whyClosed(error as Error);
    const message = `${why} (${bytes} bytes were read)`;
    throw why === DAMAGED ? new DamagedBackup(message, { cause: error }) : new Error(message, { cause: error });
  }
}

function joined<T extends NodeJS.ReadWriteStream & Readable>(from: Readable, to: T): T {
  // An error of the first stream ends the second one with it, where its reader finds it.
  pipeline(from, to, () => undefined);
  return to;
}

function asWeb(stream: Readable): globalThis.ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as globalThis.ReadableStream<Uint8Array>;
}

/** A backup that was whole once. Its key opens it. */
export class DamagedBackup extends Error {}

const DAMAGED = 'the file was changed or cut off after it was written';

/** The library's errors in words of an operator. */
function whyClosed({ message }: Error): string {
  if (message.includes('no identity matched'))
    return 'this recovery key does not open the file: it was sealed for another key';
  if (/invalid (?:version|header$|stanza)|non-ASCII|before reading/.test(message))
    return 'the file is not a sealed backup';
  return DAMAGED;
}
