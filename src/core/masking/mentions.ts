import type { Dossier } from '#schemas/dossier.upsert.v1';
import { drain } from '../drain.ts';
import { maskTail } from '../identifiers/identifiers.ts';
import { fold } from '../vietnamese/text.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Decoded, decoded, foldedLines, foldedOf } from './decoded-text.ts';
import { isPerson } from './masking.ts';
import { type Find, growFinder } from './replace-known-texts.ts';

/** A person's data in a record, or a part of it. */
export type Person = Partial<NonNullable<Dossier['applicant']>>;

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
    const sought = yield* gatherSought(people);
    ready ??= { sought, find: yield* growFinder([...sought.keys()]) };
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
      const { sought, find } = ready ?? drain(grow());
      if (sought.size === 0) return text;
      const read = decoded(text);
      const places: Place[] = [];
      for (const { start, end } of find(read.folded)) {
        const one = sought.get(read.folded.slice(start, end)) as Sought;
        if ((namesUnit && one.isArea) || !isMention(one, read, start, end)) continue;
        places.push({ ...spanOf(one, read, start, end), words: one.isName ? one.words.length : 0 });
      }
      return replaced(text, read, places, hide);
    },
  };
}

/** The patterns by their units, and what finds them. */
interface Ready {
  readonly sought: ReadonlyMap<string, Sought>;
  readonly find: Find;
}

/** Whether folded lines may mention a person: a quick test for parts that every mention has. */
function mayBeOf(person: Person, folded: string): boolean {
  const { name, phone, identityNumber, email, techId, address } = person;
  const has = (units: string): boolean => units !== '' && folded.includes(units);
  if (name !== undefined && isPerson(person)) {
    const units = foldedOf(name);
    if (SEVERAL_OR_HONORED.test(name) ? namesIn(name).some((one) => has(one.units)) : hasName(units, name, folded))
      return true;
  }
  if (phone !== undefined && (BETWEEN_PHONES.test(phone) ? phonesIn(phone) : [phone]).some((one) => has(endOf(one))))
    return true;
  if (identityNumber !== undefined && has(foldedOf(identityNumber))) return true;
  if (email !== undefined && has(foldedOf(email))) return true;
  if (techId !== undefined && has(foldedOf(techId))) return true;
  if (address === undefined) return false;
  return has((foldedOf(address.slice(0, 3 * LONG_ENOUGH)) || foldedOf(address)).slice(0, LONG_ENOUGH));
}

const SEVERAL_OR_HONORED = /[,;/()&+–-]|\s(?:và|cùng|va)\s|^\s*(?:ông|bà|anh|chị|ong|ba|chi)[\s.]/iu;

/** As nameOf splits a name: `K'Brơi` has two words. */
const SEVERAL_WORDS = /[\p{L}\p{N}]\p{M}*[^\p{L}\p{M}\p{N}]+[\p{L}\p{N}]/u;

/** A single word may be in any text, so it counts only alone. */
function hasName(units: string, name: string, folded: string): boolean {
  const isShort = units.length < LONG_NAME && !SEVERAL_WORDS.test(name);
  return units !== '' && folded.includes(isShort ? `\n${units}\n` : units);
}

/** The digits at the end of a phone number, which every spelling has. */
function endOf(phone: string): string {
  return foldedOf(phone).slice(-LONG_ENOUGH);
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

/** A pattern: letters and digits without case, marks and separators. */
interface Sought {
  readonly units: string;
  readonly isName?: boolean;
  /** For a name: where its words begin. */
  readonly words: readonly number[];
  /** The name in small letters with its marks; empty where it has none. */
  readonly marked: string;
  readonly isPhone?: boolean;
  readonly isNumber?: boolean;
  /** Counts only as a whole text. */
  readonly isShort?: boolean;
  /** An address with communes and above only, without a home. */
  readonly isArea?: boolean;
}

/** A shorter name as one word, or with other marks, may be any word. */
const LONG_NAME = 8;
/** Fewer characters may be a part of anything. */
const LONG_ENOUGH = 8;
const SHORTEST_NUMBER = 5;

/** A step for each person. */
function* gatherSought(people: readonly Person[]): Generator<void, ReadonlyMap<string, Sought>> {
  const found = new Map<string, Sought>();
  const add = (one: Sought): void => {
    const known = found.get(one.units);
    // Of two readings of the same letters the one that masks more counts.
    if (one.units !== '' && (!known || known.isShort || known.isArea)) found.set(one.units, one);
  };
  for (const person of people) {
    if (person.name !== undefined && isPerson(person)) for (const one of namesIn(person.name)) add(one);
    for (const phone of phonesIn(person.phone ?? ''))
      add(numberOf(phone.replace(/^(?:0084|84|0)(?=[0-9]{8})/, ''), true));
    if (person.identityNumber !== undefined) add(numberOf(foldedOf(person.identityNumber), false));
    for (const text of [person.email, person.techId])
      if (text !== undefined) add(exactly(foldedOf(text), foldedOf(text).length < LONG_ENOUGH));
    for (const one of placesOf(person.address ?? '')) add(one);
    yield;
  }
  return found;
}

function exactly(units: string, isShort: boolean): Sought {
  return { units, words: [], marked: '', isShort };
}

function numberOf(units: string, isPhone: boolean): Sought {
  return { ...exactly(units, units.length < SHORTEST_NUMBER), isNumber: true, isPhone };
}

/** Joint applicants share one name, and some systems put a title before it. */
function namesIn(name: string): readonly Sought[] {
  const parts = name.split(/[,;/()&+]|\s[-–]\s|\s(?:và|cùng|va)\s/iu);
  const names = new Set([name, ...(parts.length > 1 ? parts : [])].map((one) => one.replace(HONORIFIC, '').trim()));
  return [...names].filter((one) => one !== '' && !one.includes('*')).map(nameOf);
}

const HONORIFIC = /^\s*(?:(?:ông|bà|anh|chị|ong|ba|chi)\.?\s+)(?=\S+\s)/iu;

function nameOf(name: string): Sought {
  const words: number[] = [];
  let units = '';
  for (const word of name.split(/[^\p{L}\p{M}\p{N}]+/u)) {
    const folded = foldedOf(word);
    if (folded === '') continue;
    words.push(units.length);
    units += folded;
  }
  const plain = fold(name);
  const lower = name.normalize('NFC').toLowerCase();
  const isShort = words.length < 2 && units.length < LONG_NAME;
  return { units, isName: true, words, marked: plain === lower.trim().replace(/\s+/g, ' ') ? '' : lower, isShort };
}

const BETWEEN_PHONES = /[/;,]|\s[-–]\s/;

/** Some systems put two numbers into one member. */
function phonesIn(phone: string): readonly string[] {
  const parts = phone.split(BETWEEN_PHONES).map(foldedOf);
  const whole = parts.filter(({ length }) => length >= LONG_ENOUGH);
  return (whole.length > 0 ? whole : [foldedOf(phone)]).filter((one) => one !== '');
}

/** Blanks are single ones: tried at each blank of a long run, blanks on both sides of a mark take quadratic time. */
const BETWEEN_PARTS = / ?[,;] ?| [-–] | (?=(?:phường|xã|thị trấn|thị xã|quận|huyện|thành phố|tỉnh) )/iu;
/** More than any address has. A thousand characters may have 500 parts, and each beginning is a text of its own. */
const MOST_PARTS = 12;
const AREA = /^(?:xa|phuong|thi tran|thi xa|quan|huyen|thanh pho|tp|tinh|p|q|h|x|tt|tx)(?:[\s.]|$)/;

/** The beginnings of an address that say where somebody lives: `Số 1 Lê Lợi`, `Số 1 Lê Lợi, phường Minh Xuân` … */
function placesOf(address: string): readonly Sought[] {
  if (address === '' || address.includes('*')) return [];
  const parts = address
    .trim()
    .replace(/\s+/g, ' ')
    .split(BETWEEN_PARTS)
    .filter((part) => part !== '');
  const isArea = parts.every((part) => AREA.test(fold(part)));
  const whole = { ...exactly(foldedOf(address), foldedOf(address).length < LONG_ENOUGH), isArea };
  if (isArea) return [whole];
  const first = parts.slice(0, MOST_PARTS);
  const beginnings = first.map((_, at) => first.slice(0, at + 1).join(' ')).filter(isTelling);
  return [whole, ...beginnings.map((one) => exactly(foldedOf(one), false))];
}

function isTelling(beginning: string): boolean {
  const hasEnough = /[0-9]/.test(beginning) || beginning.split(/\s+/).length > 2;
  return hasEnough && foldedOf(beginning).length >= LONG_ENOUGH;
}

function isMention(one: Sought, read: Decoded, start: number, end: number): boolean {
  const isWhole = start === 0 && end === read.folded.length;
  if (isWhole) return true;
  if (one.isShort) return false;
  const standsAlone = read.isBreak(start) && read.isBreak(end);
  if (one.isNumber) {
    if (one.units.length >= LONG_ENOUGH) return true;
    return standsAlone && read.at(end - 1) - read.at(start) === end - start - 1;
  }
  if (!standsAlone) return false;
  if (!one.isName || one.units.length >= LONG_NAME) return true;
  return (
    one.words.every((word) => read.isBreak(start + word)) &&
    hasItsMarks(one, read.text.slice(read.at(start), read.at(end - 1) + 1))
  );
}

/** Whether a text has the name's own marks. The place of the tone does not matter: `Hoà` and `Hòa` are one. */
function hasItsMarks({ marked }: Sought, text: string): boolean {
  const letters = (of: string): string =>
    [
      ...of
        .toLowerCase()
        .normalize('NFD')
        .replace(/[^\p{L}\p{M}]/gu, ''),
    ]
      .sort()
      .join('');
  const given = text.normalize('NFC').toLowerCase();
  return marked === '' || fold(given) === given || letters(given) === letters(marked);
}

/** The position of a mention in the decoded text. A phone number includes its country code. */
function spanOf({ isPhone }: Sought, read: Decoded, start: number, end: number): Omit<Place, 'words'> {
  const country = isPhone ? /(?:(?:00)?84|0)$/.exec(read.folded.slice(Math.max(0, start - 4), start)) : null;
  const from = read.at(start - (country?.[0].length ?? 0));
  const isPlus = isPhone && from > 0 && read.text[from - 1] === '+';
  return { from: isPlus ? from - 1 : from, to: read.endOf(end - 1) };
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
