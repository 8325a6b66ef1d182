import { inspectText } from '#kit';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1258' | 'windows-1252';

/**
 * The text of a file, by its byte order mark, the settings, or its bytes: UTF-8 if all bytes are valid, UTF-16 if every other
 * byte is zero. Other bytes are read as Windows-1252 if TCVN3 or VNI certainly comes out, and as Windows-1258 if correct
 * Vietnamese does. Undefined if that is not certain: a wrong guess would spoil names.
 */
export function decodeText(bytes: Uint8Array, asked: Encoding | undefined): string | undefined {
  const marked = byMark(bytes);
  if (marked !== undefined) return decode(bytes, marked);
  if (asked !== undefined) return decode(bytes, asked);
  const wide = byZeros(bytes);
  if (wide !== undefined) return decode(bytes, wide);
  return decode(bytes, 'utf-8') ?? oldEncoding(bytes);
}

function byMark(bytes: Uint8Array): Encoding | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

/** Text without zeros in one half of its first bytes, and with many in the other. */
function byZeros(bytes: Uint8Array): Encoding | undefined {
  const zeros = [0, 0];
  const end = Math.min(bytes.length, 2_000);
  for (let at = 0; at < end; at++) if (bytes[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (odd > end / 8 && even === 0) return 'utf-16le';
  return even > end / 8 && odd === 0 ? 'utf-16be' : undefined;
}

function decode(bytes: Uint8Array, encoding: Encoding): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes).normalize('NFC');
  } catch {
    return undefined;
  }
}

/** Lines with letters beyond ASCII decide. A hundred of them are enough, and the whole file follows. */
function oldEncoding(bytes: Uint8Array): string | undefined {
  const western = decode(bytes, 'windows-1252');
  if (western !== undefined && looks(western, 'repaired')) return western;
  const vietnamese = decode(bytes, 'windows-1258');
  return vietnamese !== undefined && HAS_VIETNAMESE.test(vietnamese) && looks(vietnamese, 'clean')
    ? vietnamese
    : undefined;
}

const HAS_VIETNAMESE = /[ăđơưĂĐƠƯ\u1ea0-\u1ef9]/;

function looks(text: string, verdict: 'repaired' | 'clean'): boolean {
  const cells = text.split(/[\n\r,;\t"]+/).filter((cell) => /[^\0-\x7f]/.test(cell));
  const verdicts = cells.slice(0, 100).map((cell) => inspectText(cell).verdict);
  const wanted = verdicts.filter((one) => one === verdict).length;
  // Single words may be right in both encodings. None may look wrong, and most of all must look right.
  return (
    wanted > 0 && !(verdict === 'clean' && verdicts.some((one) => one !== 'clean')) && wanted * 4 >= verdicts.length
  );
}
