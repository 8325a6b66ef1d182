import { PHRASES, type Phrase, WORDS } from './phrases.ts';

/** A sentence longer than this is shown as it is: it would be looked through for too long. */
const LONGEST = 4_000;
const MOST_PARTS = 60;
/** In one sentence, values that it quotes included. */
const MOST_SEMICOLONS = 4;

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
  /** The longest of its fixed pieces: most sentences are told from others by looking for it. */
  readonly piece: string;
  readonly form: RegExp;
  readonly holes: readonly string[];
  readonly vietnamese: string;
}

const SENTENCES = PHRASES.map(known);
const PARTS = [...SENTENCES, ...WORDS.map(known)];

/**
 * What the hub wrote, in Vietnamese: a sentence, several joined by semicolons, or one behind a place, a reason or a name.
 * Undefined where it is none of the hub's own: what somebody else said is shown as it came.
 */
export function inVietnamese(text: string): string | undefined {
  if (text.length > LONGEST || !SENTENCES.some(({ piece }) => text.includes(piece))) return undefined;
  return oneByOne(text, false) ?? alone(text) ?? oneByOne(text, true);
}

function known([english, vietnamese]: Phrase): Known {
  const holes = [...english.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const pieces = english.split(/\{\w+\}/);
  const [piece = ''] = pieces.toSorted((one, other) => other.length - one.length);
  const form = pieces.map((fixed) => fixed.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('("(?:[^"\\\\]|\\\\.)*"|.+?)');
  return { piece, form: new RegExp(`^${form}$`, 's'), holes, vietnamese };
}

function alone(text: string): string | undefined {
  return behindHead(text) ?? sentenceOf(text, SENTENCES);
}

function sentenceOf(text: string, phrases: readonly Known[]): string | undefined {
  for (const { piece, form, holes, vietnamese } of phrases) {
    const found = text.includes(piece) ? form.exec(text) : null;
    if (found) return vietnamese.replace(/\{(\w+)\}/g, (_, name) => shown(name, found[holes.indexOf(name) + 1] ?? ''));
  }
  return undefined;
}

function shown(name: string, content: string): string {
  if (name === SAID) return `“${content}”`;
  return MEANT.has(name) ? (wordsOf(content) ?? content) : content;
}

/** Also several kinds that are expected: "an object or a list". */
function wordsOf(content: string): string | undefined {
  const whole = sentenceOf(content, PARTS) ?? behindHead(content);
  if (whole !== undefined || !content.includes(' or ')) return whole;
  return content
    .split(' or ')
    .map((one) => sentenceOf(one, PARTS) ?? one)
    .join(' hoặc ');
}

/** `/applicant/name: got …`, `timeout: no answer …`, `dossier.upsert.v1 (rest): … is new`. */
function behindHead(text: string): string | undefined {
  const [, head, rest] = /^([^\s:]+(?: \([\w-]+\))?: |\/\S* )(.+)$/s.exec(text) ?? [];
  const told = rest === undefined ? undefined : alone(rest);
  return told === undefined ? undefined : `${head}${told}`;
}

/**
 * Sentences that are joined, of which some have a semicolon themselves: each is as short as it can be, for what stands in
 * braces may be anything.
 *
 * @param mayBeForeign whether some of them may be somebody else's
 */
function oneByOne(text: string, mayBeForeign: boolean): string | undefined {
  const parts = text.split('; ');
  if (parts.length === 1 || parts.length > MOST_PARTS) return undefined;
  const told: string[] = [];
  let areKnown = 0;
  for (let from = 0; from < parts.length; ) {
    const { to, sentence } = shortestFrom(parts, from);
    if (sentence !== undefined) areKnown++;
    else if (!mayBeForeign) return undefined;
    told.push(sentence ?? (parts[from] as string));
    from = to;
  }
  return areKnown > 0 ? told.join('; ') : undefined;
}

function shortestFrom(parts: readonly string[], from: number): { readonly to: number; readonly sentence?: string } {
  for (let to = from + 1; to <= Math.min(parts.length, from + MOST_SEMICOLONS + 1); to++) {
    const text = parts.slice(from, to).join('; ');
    const sentence = alone(text);
    if (sentence !== undefined) return { to, sentence };
  }
  return { to: from + 1 };
}
