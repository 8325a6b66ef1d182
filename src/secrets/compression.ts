import { FIRST_DICTIONARY } from './compression-dictionary.ts';
import { compressBlock, createDictionary, expandBlock } from './lz4.ts';

/** Three times as fast for large values. Optional: no platform needs it. */
const native = await import('lz4-napi').then(
  ({ default: library }) => library,
  () => undefined,
);
const LARGE_BYTES = 16 * 1024;

/** Begins every compressed value, and every other value that begins with a zero byte. No JSON, XML or CSV does. */
const MARK = 0;
/** The format of what follows the mark. Old formats stay readable for ever. */
const PLAIN = 0;
const LZ4_FIRST_DICTIONARY = 1;
const HEAD_BYTES = 2;

const dictionary = createDictionary(FIRST_DICTIONARY);

/** Smaller values gain too little. */
const FEWEST_BYTES = 160;
/**
 * The largest value that is compressed. Readers bound the memory of a page of records by stored bytes, and LZ4 may shorten a
 * repetitive value 250 times. A larger body would hold other requests up for milliseconds.
 */
const MOST_BYTES = { record: LARGE_BYTES, body: 1024 * 1024 } as const;

/** A value with a limit of its own: one that is read in pages, or a received message. */
export type Compressible = keyof typeof MOST_BYTES;

/** The value, shorter if that is possible. `expand` returns the original. */
export function compress(of: Compressible, plain: Uint8Array): Uint8Array {
  if (plain.length >= FEWEST_BYTES && plain.length <= MOST_BYTES[of]) {
    const block =
      native && plain.length > LARGE_BYTES
        ? native.compressSync(bufferOf(plain), dictionary.bytes)
        : compressBlock(plain, dictionary);
    if (block.length + HEAD_BYTES < plain.length) return withHead(LZ4_FIRST_DICTIONARY, block);
  }
  return plain[0] === MARK ? withHead(PLAIN, plain) : plain;
}

/** The value as it was before `compress`. Values of older versions were never compressed, and stay as they are. */
export function expand(value: Buffer): Buffer {
  if (value[0] !== MARK) return value;
  if (value[1] === PLAIN) return value.subarray(HEAD_BYTES);
  return value[1] === LZ4_FIRST_DICTIONARY ? expandBlock(value.subarray(HEAD_BYTES), dictionary) : value;
}

function withHead(format: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(MARK, format), bytes]);
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
