import { hideText } from '#core/erasure/erase-record';
import { replaceEncoded } from '#core/masking/encoded-text';
import { createMentions, type Person } from '#core/masking/mentions';
import { encodingOf, type XmlEncoding } from '#core/xml-encoding';
import { mapYielding } from '../concurrency/yielding.ts';

const PIECE_LENGTH = 64 * 1024;
/** No name, number or address goes over one of these. */
const ENDS = /["<\n]/;

/**
 * A body without any mention of these people: letters become x, digits 1, so that a reader still finds its form. Bytes that
 * are no text stay, such as the files of an MTOM message.
 */
export async function hiddenBody(
  body: Uint8Array,
  people: readonly Person[],
  mediaType: string | null | undefined,
): Promise<Uint8Array> {
  const { mask } = createMentions(people, hideText);
  const hide = (piece: string): string =>
    replaceEncoded(mask(piece), (held, run) => (mask(held) === held ? run : hideText(run)));
  const hidden = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const { found } = encodingOf(bytes);
    const text = textOf(bytes, found);
    return text === undefined ? bytes : bytesOf((await mapYielding(piecesOf(text), hide)).join(''), found);
  };
  return /^\s*multipart\//i.test(mediaType ?? '') ? hiddenInParts(body, hidden) : hidden(body);
}

/** Each part by itself, because each has its own encoding. A hidden part may have another length than it states. */
async function hiddenInParts(
  body: Uint8Array,
  hidden: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const part of Buffer.from(body)
    .toString('latin1')
    .split(/(?=\r\n--)/)) {
    const [head = '', ...content] = part.split(/(?<=\r\n\r\n)/);
    for (const piece of [head.replace(/\r\nContent-Length:[^\r]*/i, ''), content.join('')])
      pieces.push(await hidden(Buffer.from(piece, 'latin1')));
  }
  return Buffer.concat(pieces);
}

function textOf(bytes: Uint8Array, encoding: XmlEncoding): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function bytesOf(text: string, encoding: XmlEncoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text);
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16be' ? bytes.swap16() : bytes;
}

/** Pieces of a text that break no mention. */
export function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const next = text.slice(from + PIECE_LENGTH).search(ENDS);
    const to = next < 0 ? text.length : from + PIECE_LENGTH + next;
    yield text.slice(from, to);
    from = to;
  }
}
