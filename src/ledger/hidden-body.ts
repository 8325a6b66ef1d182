import { hideText } from '#core/erasure/erase-record';
import { replaceEncoded } from '#core/masking/encoded-text';
import { createMentions, type Person } from '#core/masking/mentions';
import { mapYielding } from '../concurrency/yielding.ts';

const PIECE_LENGTH = 64 * 1024;
/** No name, number or address goes over one of these. */
const ENDS = /["<\n]/;

/**
 * A body without any mention of these people: letters become x, digits 1, so that a reader still finds its form.
 * Undefined if it is not text.
 */
export async function hiddenBody(body: Uint8Array, people: readonly Person[]): Promise<Uint8Array | undefined> {
  const text = textOf(body);
  if (text === undefined) return undefined;
  const { mask } = createMentions(people, hideText);
  const hide = (piece: string): string =>
    replaceEncoded(mask(piece), (held, run) => (mask(held) === held ? run : hideText(run)));
  return Buffer.from((await mapYielding(piecesOf(text), hide)).join(''));
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
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
