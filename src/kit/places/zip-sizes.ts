const [END, ENTRY] = [0x06054b50, 0x02014b50];
const [END_BYTES, ENTRY_BYTES] = [22, 46];
/** An end may have a comment behind it, whose length is a number of two bytes. */
const MOST_BEHIND = END_BYTES + 0xffff;
/** Stands for a number that is elsewhere (ZIP64). */
const [ELSEWHERE_16, ELSEWHERE_32] = [0xffff, 0xffffffff];
const ZIP64 = 1;
const HAS_DESCRIPTOR = 8;
/** An empty text, deflated. */
const EMPTY_BYTES = 2;

/**
 * The bytes of all inflated entries of a ZIP, by its directory. `hucre` inflates no entry beyond the size in the directory, but
 * up to 2 GiB if a size is missing: such a ZIP counts as infinite. 0 for bytes that it does not read as a ZIP.
 */
export function inflatedBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endIn(view);
  if (end === undefined) return 0;
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === ELSEWHERE_16 || view.getUint32(end + 12, true) === ELSEWHERE_32 || at === ELSEWHERE_32)
    return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let left = count; left > 0; left--) {
    if (at + ENTRY_BYTES > view.byteLength || view.getUint32(at, true) !== ENTRY) return sum;
    const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true)) as [
      number,
      number,
      number,
    ];
    sum += sizeOf(view, at, at + ENTRY_BYTES + name, extra);
    at += ENTRY_BYTES + name + extra + comment;
  }
  return sum;
}

function endIn(view: DataView): number | undefined {
  const first = Math.max(0, view.byteLength - MOST_BEHIND);
  for (let at = view.byteLength - END_BYTES; at >= first; at--) if (view.getUint32(at, true) === END) return at;
  return undefined;
}

function sizeOf(view: DataView, entry: number, extraAt: number, extraBytes: number): number {
  const packed = view.getUint32(entry + 20, true);
  const size = view.getUint32(entry + 24, true);
  if (size === ELSEWHERE_32) return sizeIn64(view, extraAt, Math.min(extraAt + extraBytes, view.byteLength));
  const isUnknown = packed === 0 && (view.getUint16(entry + 8, true) & HAS_DESCRIPTOR) !== 0;
  return isUnknown || (size === 0 && packed > EMPTY_BYTES) ? Number.POSITIVE_INFINITY : size;
}

/** The first number of the extra field of ZIP64 is the size, if it is elsewhere. */
function sizeIn64(view: DataView, from: number, end: number): number {
  for (let at = from; at + 4 <= end; at += 4 + view.getUint16(at + 2, true))
    if (view.getUint16(at, true) === ZIP64 && at + 12 <= view.byteLength)
      return Number(view.getBigUint64(at + 4, true)) || Number.POSITIVE_INFINITY;
  return Number.POSITIVE_INFINITY;
}
