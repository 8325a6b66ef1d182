import { WINDOWS_1252 } from './legacy-encodings.ts';

/**
 * Undoes UTF-8 that was read as Windows-1252 or Latin-1, once or more. `repaired` (NFC) if every byte turns back and
 * Vietnamese comes out, `doubtful` if only a part would, undefined if the text shows no sign of it.
 */
export function readMojibake(text: string): { readonly repaired: string } | 'doubtful' | undefined {
  const repaired = undoMojibake(text);
  if (repaired !== undefined && !MOJIBAKE.test(repaired) && !MAY_BE_CLOSING_QUOTE.test(text))
    return { repaired: repaired.normalize('NFC') };
  return repaired !== undefined || MOJIBAKE.test(text) ? 'doubtful' : undefined;
}

/** Decodes as often as needed, because systems in a row may repeat the error. Undefined unless Vietnamese comes out. */
function undoMojibake(text: string): string | undefined {
  let repaired: string | undefined;
  let decoded = decodeOnce(text);
  for (let rounds = 0; decoded !== undefined && rounds < 3; rounds++) {
    if (VIETNAMESE_OR_LONG.test(decoded)) repaired = decoded;
    decoded = decodeOnce(decoded);
  }
  return repaired;
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeOnce(text: string): string | undefined {
  if (!MULTIBYTE.test(text)) return undefined;
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const byte = code < 0x100 ? code : WINDOWS_1252.get(text[at] as string);
    if (byte === undefined) return undefined;
    bytes[at] = byte;
  }
  try {
    return UTF_8.decode(bytes);
  } catch {
    return undefined;
  }
}

const WINDOWS_1252_CHARACTERS = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
const MULTIBYTE = new RegExp(`[\\u00c2-\\u00f4][\\u0080-\\u00bf${WINDOWS_1252_CHARACTERS}]`);
/** Three or more such bytes never occur in a row by chance. Two can, as in `NESTLÉ®`. */
const VIETNAMESE_OR_LONG = /[\u0300-\u0323àáâãèéêìíòóôõùúýÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂăĐđĨĩŨũƠơƯư\u0800-\uffff]/;
/** `UBND XÃ”` can be the word XÃ before a quotation mark. */
const MAY_BE_CLOSING_QUOTE = /^[^\u0080-\uffff]*Ã[‘’“”](?![A-Za-z])[^\u0080-\uffff]*$/;

/** Pairs that only a wrong character set produces, and their remains after lost bytes. */
const MOJIBAKE = new RegExp(
  [
    '[\\u0080-\\u009f\\ufffd]',
    '[ÃÄÅÆ][¡-¨ª¬\\u00ad¯±-¶¸-º¼-¿€‚ƒ„†‡ˆ‰Š‹ŒŽ˜š›œžŸ]',
    'Ä‘|Æ°|Ã\\u00a0|Â[\\u00a0-¨ª¬\\u00ad¯-¶¸-º¼-¿]|Ì[€£‰ƒ]|â€|áº|^[^«]*á»\\S',
    '[a-z]Ã|[ÃÄÆ]\\?[a-z]',
  ].join('|'),
);
