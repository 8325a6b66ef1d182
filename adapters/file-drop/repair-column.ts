import { inspectText } from '#kit';

export interface RepairedColumn {
  /** The texts in Unicode. */
  readonly texts: readonly string[];
  /** The old encoding of each repaired text, by position. */
  readonly repaired: ReadonlyMap<number, string>;
  /** The presumed encoding of texts that stay unchanged for an operator, by position. */
  readonly doubtful: ReadonlyMap<number, string>;
}

/**
 * Repairs the texts of a column that came in TCVN3, VNI or as broken UTF-8. Short texts (`Hµ`) are not certain alone. Texts of
 * the same column that are certain decide for them, unless they are few or the column has Unicode texts too.
 */
export function repairColumn(texts: readonly string[]): RepairedColumn {
  const out = [...texts];
  const repaired = new Map<number, string>();
  const doubtful = new Map<number, string>();
  const unsure: number[] = [];
  let certain: { readonly text: string; readonly kind: string } | undefined;
  texts.forEach((text, at) => {
    if (IS_ASCII.test(text)) return;
    const found = inspectText(text);
    out[at] = found.text;
    if (found.verdict === 'repaired') {
      if (/^[^,;:.()/|\n-]+$/.test(text)) certain ??= { text, kind: found.kind };
      repaired.set(at, found.kind);
    } else if (found.verdict === 'doubtful') doubtful.set(at, found.kind);
    if (found.verdict !== 'repaired' && IS_WESTERN.test(text)) unsure.push(at);
  });
  if (certain === undefined || unsure.length === 0) return { texts: out, repaired, doubtful };
  const isSure = repaired.size >= unsure.length && !texts.some((text) => HAS_VIETNAMESE.test(text));
  const { text: sample, kind } = certain;
  for (const at of unsure) {
    const text = texts[at] as string;
    const read = readBeside(text, sample);
    if (read === undefined || read === text) continue;
    if (!isSure) doubtful.set(at, kind);
    else {
      doubtful.delete(at);
      repaired.set(at, kind);
      out[at] = read;
    }
  }
  return { texts: out, repaired, doubtful };
}

/** The text in the encoding of a sample, phrase by phrase. Undefined if a phrase is not possible in it. */
function readBeside(text: string, sample: string): string | undefined {
  const { length } = inspectText(sample).text;
  let isPossible = true;
  const read = text.replace(PHRASE, (phrase) => {
    if (IS_ASCII.test(phrase)) return phrase;
    // Between two certain words of one phrase a word has their encoding.
    const found = inspectText(`${sample} ${phrase} ${sample}`);
    if (found.verdict === 'repaired') return found.text.slice(length + 1, -length - 1);
    isPossible = false;
    return phrase;
  });
  return isPossible ? read : undefined;
}

const PHRASE = /[^,;:.()/|\n\u2010-\u2015-]+/g;
const IS_ASCII = /^[\0-\x7f]*$/;
const IS_WESTERN = /^[\0-\xff]*$/;
const HAS_VIETNAMESE = /[ăđơưĂĐƠƯĩũĨŨ\u1ea0-\u1ef9]/;
