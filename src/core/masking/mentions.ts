import { drain } from '../drain.ts';
import { maskTail } from '../identifiers/identifiers.ts';
import { fold } from '../vietnamese/text.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Decoded, decoded, foldedLines } from './decoded-text.ts';
import {
  gatherPatterns,
  LONG_ENOUGH,
  LONG_NAME,
  mayBeOf,
  type NamePattern,
  type Pattern,
  type Person,
} from './person-patterns.ts';
import { type Find, growFinder } from './replace-known-texts.ts';

export type { Person };

/** Writes what stands in the place of a mention. */
export type Hide = (text: string, words: number) => string;

/** Finds people from records in free texts, in every spelling. */
export interface Mentions {
  /**
   * Whether `mask` may change one of these texts. Cheap, because the hub asks for every record: about 2 µs for the
   * texts of an ordinary dossier.
   */
  mayBeIn(texts: readonly string[]): boolean;
  /**
   * The text with every mention masked.
   *
   * @param namesUnit the text names an office, so the bare name of a commune stays
   */
  mask(text: string, namesUnit?: boolean): string;
}

/** Mentions of people, which may be many. */
export interface MentionsOfMany extends Mentions {
  /** Does the work of the first `mask` in small steps, so that a caller can let other work run between them. */
  prepare(): Iterable<void>;
}

/**
 * Finds mentions of people. These count:
 * - the full name, with any case, marks and separators, also as one word (`NguyenVanAn.pdf`)
 * - a name of one word, if it is longer than any Vietnamese syllable or is the whole text
 * - the phone number and the identity number, in any grouping, with or without the country code
 * - the e-mail address, the technical id, and the address from its first part on
 *
 * All of them also percent-encoded, as HTML entities, or as \u escapes. A short name of two words ("Hà An") counts with
 * its own marks or without any, because other marks make other words.
 *
 * @param hide what stands in the place of a mention, by its text and its number of words (0 for no name)
 */
export function createMentions(people: readonly Person[], hide: Hide = maskOf): MentionsOfMany {
  let ready: Ready | undefined;
  function* grow(): Generator<void, Ready> {
    const patterns = yield* gatherPatterns(people);
    ready ??= { patterns, find: yield* growFinder([...patterns.keys()]) };
    return ready;
  }
  return {
    prepare: () => (ready ? [] : grow()),
    mayBeIn(texts) {
      const folded = foldedLines(texts);
      if (folded === undefined) return true;
      for (const person of people) if (mayBeOf(person, folded)) return true;
      return false;
    },
    mask(text, namesUnit = false) {
      if (text === '') return text;
      const { patterns, find } = ready ?? drain(grow());
      if (patterns.size === 0) return text;
      const read = decoded(text);
      const places: Place[] = [];
      for (const { start, end } of find(read.folded)) {
        const one = patterns.get(read.folded.slice(start, end)) as Pattern;
        if ((namesUnit && one.kind === 'area') || !isMention(one, read, start, end)) continue;
        places.push({ ...spanOf(one, read, start, end), words: one.kind === 'name' ? one.words.length : 0 });
      }
      return replaced(text, read, places, hide);
    },
  };
}

/** The patterns by their units, and what finds them. */
interface Ready {
  readonly patterns: ReadonlyMap<string, Pattern>;
  readonly find: Find;
}

/**
 * Former applicants of a dossier with data that the present applicant lacks. Their name, old number or address may
 * still be in the texts.
 *
 * @param known the people named so far
 * @param named the applicants named since, perhaps repeated
 */
export function formerPeople(
  known: readonly Person[],
  named: readonly (Person | undefined)[],
  present: Person | undefined,
): readonly Person[] {
  const former = new Map<string, Person>();
  for (const person of [...known, ...named]) {
    if (!person || person === present) continue;
    const said = SOUGHT.flatMap((member) => (person[member] === undefined ? [] : [[member, person[member]] as const]));
    const unsaid = said.filter(([member, value]) => value !== present?.[member] && !value.includes('*'));
    if (unsaid.length === 0) continue;
    const one: Person = withoutUndefined({ kind: person.kind, ...Object.fromEntries(unsaid) });
    former.set(JSON.stringify(one), one);
  }
  return [...former.values()];
}

const SOUGHT = ['name', 'identityNumber', 'phone', 'email', 'address', 'techId'] as const;

/** Whether the units of a pattern are a mention where they stand in a text, and not a part of other words or numbers. */
function isMention(pattern: Pattern, read: Decoded, start: number, end: number): boolean {
  if (start === 0 && end === read.folded.length) return true;
  if (pattern.isShort) return false;
  const { kind, units } = pattern;
  const standsAlone = read.isBreak(start) && read.isBreak(end);
  if (kind === 'phone' || kind === 'number') {
    if (units.length >= LONG_ENOUGH) return true;
    return standsAlone && read.at(end - 1) - read.at(start) === end - start - 1;
  }
  if (!standsAlone) return false;
  if (kind !== 'name' || units.length >= LONG_NAME) return true;
  const text = read.text.slice(read.at(start), read.at(end - 1) + 1);
  return pattern.words.every((word) => read.isBreak(start + word)) && hasItsMarks(pattern, text);
}

/** Whether a text has the name's own marks. The place of the tone does not matter: `Hoà` and `Hòa` are one. */
function hasItsMarks({ marked }: NamePattern, text: string): boolean {
  const letters = (of: string): string => [...of.normalize('NFD').replace(/[^\p{L}\p{M}]/gu, '')].sort().join('');
  const given = text.normalize('NFC').toLowerCase();
  return marked === '' || fold(given) === given || letters(given) === letters(marked);
}

/** The position of a mention in the decoded text. A phone number includes its country code. */
function spanOf({ kind }: Pattern, read: Decoded, start: number, end: number): Omit<Place, 'words'> {
  const to = read.endOf(end - 1);
  if (kind !== 'phone') return { from: read.at(start), to };
  const [country = ''] = /(?:(?:00)?84|0)$/.exec(read.folded.slice(Math.max(0, start - 4), start)) ?? [];
  const from = read.at(start - country.length);
  return { from: read.text[from - 1] === '+' ? from - 1 : from, to };
}

interface Place {
  readonly from: number;
  readonly to: number;
  /** The number of words of a name. 0 for everything else. */
  readonly words: number;
}

function replaced(text: string, read: Decoded, places: readonly Place[], hide: Hide): string {
  if (places.length === 0) return text;
  const sorted = places.toSorted((a, b) => a.from - b.from || b.to - a.to);
  const apart: Place[] = [];
  for (const place of sorted) {
    const last = apart.at(-1);
    if (!last || place.from >= last.to) apart.push(place);
    else if (place.to > last.to) apart.splice(-1, 1, { from: last.from, to: place.to, words: 0 });
  }
  let shown = '';
  let from = 0;
  for (const place of apart) {
    shown += text.slice(from, read.rawFrom(place.from)) + hide(read.text.slice(place.from, place.to), place.words);
    from = read.rawTo(place.to - 1);
  }
  return shown + text.slice(from);
}

/** If a name is written letter by letter, the first letters of its words would be all of it. */
function maskOf(text: string, words: number): string {
  if (words === 0) return maskTail(text);
  const whole = text.normalize('NFC');
  const written = whole.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  if (written.length > words) return '*'.repeat([...whole].length);
  return whole.replace(/[\p{L}\p{M}\p{N}]+/gu, (word) => {
    const [first = '', ...rest] = [...word];
    return first + '*'.repeat(rest.length);
  });
}
