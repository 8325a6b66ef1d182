import { createCipheriv, createDecipheriv } from 'node:crypto';

/**
 * A sealed file: frames of 64 KiB, each encrypted with AES-256-GCM under the file's own key. The nonce is the number of the
 * frame and whether it is the last one, so frames cannot be moved, repeated or cut off. A key seals one file only.
 */
const FRAME_BYTES = 64 * 1024;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

function nonceOf(frame: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(frame, 4);
  nonce.writeUInt8(isLast ? 1 : 0, 11);
  return nonce;
}

/** Seals what is added to it, frame by frame. */
export interface Sealing {
  /** The frames that are full now. */
  add(chunk: Buffer): readonly Buffer[];
  /** The last frame. */
  end(): Buffer;
}

export function createSealing(key: Buffer): Sealing {
  let frame = 0;
  let waiting: Buffer = Buffer.alloc(0);
  const seal = (plain: Buffer, isLast: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(frame++, isLast));
    const body = cipher.update(plain);
    cipher.final();
    return Buffer.concat([cipher.getAuthTag(), body]);
  };
  return {
    add(chunk) {
      const sealed: Buffer[] = [];
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      let at = 0;
      // A full frame waits for more, because the last one is marked.
      for (; waiting.length - at > FRAME_BYTES; at += FRAME_BYTES)
        sealed.push(seal(waiting.subarray(at, at + FRAME_BYTES), false));
      waiting = Buffer.from(waiting.subarray(at));
      return sealed;
    },
    end: () => seal(waiting, true),
  };
}

/**
 * The bytes of a sealed file. Every frame is authenticated before it is returned.
 *
 * @throws when a byte was changed or the end is missing
 */
export async function* openFrames(sealed: AsyncIterable<Buffer>, key: Buffer): AsyncGenerator<Buffer> {
  let frame = 0;
  let waiting: Buffer = Buffer.alloc(0);
  const open = (bytes: Buffer, isLast: boolean): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(frame++, isLast));
    decipher.setAuthTag(bytes.subarray(0, TAG_BYTES));
    const plain = decipher.update(bytes.subarray(TAG_BYTES));
    decipher.final();
    return plain;
  };
  for await (const chunk of sealed) {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    for (; waiting.length > FRAME_BYTES + TAG_BYTES; waiting = waiting.subarray(FRAME_BYTES + TAG_BYTES))
      yield open(waiting.subarray(0, FRAME_BYTES + TAG_BYTES), false);
  }
  yield open(waiting, true);
}
