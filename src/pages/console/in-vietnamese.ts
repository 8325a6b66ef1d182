import { PHRASES, type Phrase, WORDS } from './phrases.ts';

/** Longer texts are shown unchanged. */
const LONGEST = 4_000;
/** The limit of semicolons in one sentence, with those in quoted values. */
const MOST_SEMICOLONS = 4;
/** The search limit for one text, in characters. The rest of the text is shown unchanged. */
const MOST_LOOKED_THROUGH = 40_000;
/** The cost of searching a short text. */
const LEAST = 100;

/** The remaining characters to search. */
interface Budget {
  characters: number;
}

/** Braces that hold a sentence or words of the hub, and those that hold what a partner said. */
const MEANT: ReadonlySet<string> = new Set([
  'problem',
  'expected',
  'got',
  'why',
  'what',
  'kind',
  'table',
  'name',
  'error',
  'types',
  'before',
]);
const SAID = 'said';

interface Known {
  /** The fixed pieces around the placeholders. */
  readonly pieces: readonly string[];
  /** The longest piece. Searching for it rules out most sentences. */
  readonly piece: string;
  readonly holes: readonly string[];
  readonly vietnamese: string;
}

const SENTENCES = PHRASES.map(known);
const PARTS = [...SENTENCES, ...WORDS.map(known)];

/**
 * Translates a text of the hub into Vietnamese. Undefined for texts of others, which are shown
 * unchanged.
 *
 * The text is one sentence, several joined by semicolons, or a sentence after a path, a reason or a name.
 */
export function inVietnamese(text: string): string | undefined {
  if (text.length > LONGEST || !SENTENCES.some(({ piece }) => text.includes(piece))) return undefined;
  const budget = { characters: MOST_LOOKED_THROUGH };
  return oneByOne(text, false, budget) ?? alone(text, budget) ?? oneByOne(text, true, budget);
}

function known([english, vietnamese]: Phrase): Known {
  const holes = [...english.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const pieces = english.split(/\{\w+\}/);
  const [piece = ''] = pieces.toSorted((one, other) => other.length - one.length);
  return { pieces, piece, holes, vietnamese };
}

function alone(text: string, budget: Budget): string | undefined {
  return behindHead(text, budget) ?? sentenceOf(text, SENTENCES, budget);
}

function mayLookThrough(text: string, budget: Budget): boolean {
  budget.characters -= Math.max(text.length, LEAST);
  return budget.characters >= 0;
}

function sentenceOf(text: string, phrases: readonly Known[], budget: Budget): string | undefined {
  if (!mayLookThrough(text, budget)) return undefined;
  for (const { pieces, piece, holes, vietnamese } of phrases) {
    const found = text.includes(piece) ? contentsOf(text, pieces) : undefined;
    if (found)
      return vietnamese.replace(/\{(\w+)\}/g, (_, name) => shown(name, found[holes.indexOf(name)] ?? '', budget));
  }
  return undefined;
}

/**
 * The contents of the placeholders, each as short as possible, or a whole quoted text.
 *
 * The search never backtracks, as a regular expression would: a crafted text would take seconds.
 */
function contentsOf(text: string, pieces: readonly string[]): readonly string[] | undefined {
  const [head = '', ...others] = pieces;
  const tail = others.pop();
  if (tail === undefined) return text === head ? [] : undefined;
  if (!text.startsWith(head) || !text.endsWith(tail)) return undefined;
  const contents: string[] = [];
  let from = head.length;
  for (const piece of others) {
    const to = endOfHole(text, from, piece);
    if (to < 0) return undefined;
    contents.push(text.slice(from, to));
    from = to + piece.length;
  }
  const last = text.slice(from, text.length - tail.length);
  return from + tail.length < text.length ? [...contents, last] : undefined;
}

const QUOTED = /"(?:[^"\\]|\\.)*"/sy;

function endOfHole(text: string, from: number, next: string): number {
  QUOTED.lastIndex = from;
  if (QUOTED.test(text) && text.startsWith(next, QUOTED.lastIndex)) return QUOTED.lastIndex;
  return text.indexOf(next, from + 1);
}

function shown(name: string, content: string, budget: Budget): string {
  if (name === SAID) return `“${content}”`;
  return MEANT.has(name) ? (wordsOf(content, budget) ?? content) : content;
}

/** Also translates alternatives, such as "an object or a list". */
function wordsOf(content: string, budget: Budget): string | undefined {
  const whole = sentenceOf(content, PARTS, budget) ?? behindHead(content, budget);
  if (whole !== undefined || !content.includes(' or ')) return whole;
  return content
    .split(' or ')
    .map((one) => sentenceOf(one, PARTS, budget) ?? one)
    .join(' hoặc ');
}

/** `/applicant/name: got …`, `timeout: no answer …`, `dossier.upsert.v1 (rest): … is new`. */
function behindHead(text: string, budget: Budget): string | undefined {
  if (!mayLookThrough(text, budget)) return undefined;
  const [, head, rest] = /^([^\s:]+(?: \([\w-]+\))?: |\/\S* )(.+)$/s.exec(text) ?? [];
  const told = rest === undefined ? undefined : alone(rest, budget);
  return told === undefined ? undefined : `${head}${told}`;
}

/**
 * Translates joined sentences.
 *
 * Some contain a semicolon themselves. Each sentence is taken as short as possible, because a placeholder may
 * hold any text.
 *
 * @param mayBeForeign whether some of them may be texts of others
 */
function oneByOne(text: string, mayBeForeign: boolean, budget: Budget): string | undefined {
  const parts = text.split('; ');
  if (parts.length === 1) return undefined;
  const told: string[] = [];
  let areKnown = 0;
  for (let from = 0; from < parts.length; ) {
    const { to, sentence } = shortestFrom(parts, from, budget);
    if (sentence !== undefined) areKnown++;
    else if (!mayBeForeign) return undefined;
    told.push(sentence ?? (parts[from] as string));
    from = to;
  }
  return areKnown > 0 ? told.join('; ') : undefined;
}

function shortestFrom(
  parts: readonly string[],
  from: number,
  budget: Budget,
): { readonly to: number; readonly sentence?: string } {
  for (let to = from + 1; to <= Math.min(parts.length, from + MOST_SEMICOLONS + 1); to++) {
    const text = parts.slice(from, to).join('; ');
    const sentence = alone(text, budget);
    if (sentence !== undefined) return { to, sentence };
  }
  return { to: from + 1 };
}
