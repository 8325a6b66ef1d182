import type { Dossier } from '#schemas/dossier.upsert.v1';
import { fold } from '../vietnamese/text.ts';
import { foldedOf } from './decoded-text.ts';
import { isPerson } from './masking.ts';

/** A person's data in a record, or a part of it. */
export type Person = Partial<NonNullable<Dossier['applicant']>>;

/** What a mention of a person consists of. Example: `Hà An` is the name `haan` with words at 0 and 2, marked `hà an`. */
export type Pattern = NamePattern | OtherPattern;

export interface NamePattern {
  readonly kind: 'name';
  /** Letters and digits without case, marks and separators. */
  readonly units: string;
  /** Counts only as a whole text. */
  readonly isShort: boolean;
  /** Where its words begin. */
  readonly words: readonly number[];
  /** In small letters with its marks. Empty if it has none. */
  readonly marked: string;
}

/** An area is an address with communes and above only, without a home. An exact text is any other address, e-mail or id. */
interface OtherPattern extends Pick<NamePattern, 'units' | 'isShort'> {
  readonly kind: 'phone' | 'number' | 'area' | 'exact';
}

/** A shorter name as one word, or with other marks, may be any word. */
export const LONG_NAME = 8;
/** Fewer characters may be a part of anything. */
export const LONG_ENOUGH = 8;
const SHORTEST_NUMBER = 5;

/** The patterns of people by their units. A step for each person. */
export function* gatherPatterns(people: readonly Person[]): Generator<void, ReadonlyMap<string, Pattern>> {
  const found = new Map<string, Pattern>();
  for (const person of people) {
    for (const one of patternsOf(person)) {
      const known = found.get(one.units);
      // Of two readings of the same letters the one that masks more counts.
      if (one.units !== '' && (!known || known.isShort || known.kind === 'area')) found.set(one.units, one);
    }
    yield;
  }
  return found;
}

function* patternsOf(person: Person): Generator<Pattern> {
  const { name, phone = '', identityNumber, email, techId, address = '' } = person;
  if (name !== undefined && isPerson(person)) yield* namesIn(name);
  for (const one of phonesIn(phone)) yield plain('phone', one.replace(/^(?:0084|84|0)(?=[0-9]{8})/, ''));
  if (identityNumber !== undefined) yield plain('number', foldedOf(identityNumber));
  for (const text of [email, techId]) if (text !== undefined) yield plain('exact', foldedOf(text));
  yield* placesIn(address);
}

/** Whether folded lines may mention a person: a quick test for parts that every pattern of the person has. */
export function mayBeOf(person: Person, folded: string): boolean {
  const { name, phone = '', identityNumber = '', email = '', techId = '', address = '' } = person;
  const has = (units: string): boolean => units !== '' && folded.includes(units);
  if (name !== undefined && isPerson(person)) {
    const units = foldedOf(name);
    if (SEVERAL_OR_HONORED.test(name) ? namesIn(name).some((one) => has(one.units)) : hasName(units, name, folded))
      return true;
  }
  // Every spelling of a phone number has the digits at its end.
  const phones = BETWEEN_PHONES.test(phone) ? phonesIn(phone) : [phone];
  if (phones.some((one) => has(foldedOf(one).slice(-LONG_ENOUGH)))) return true;
  if (has(foldedOf(identityNumber)) || has(foldedOf(email)) || has(foldedOf(techId))) return true;
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

function plain(kind: OtherPattern['kind'], units: string): Pattern {
  const isNumber = kind === 'phone' || kind === 'number';
  return { kind, units, isShort: units.length < (isNumber ? SHORTEST_NUMBER : LONG_ENOUGH) };
}

/** Joint applicants share one name, and some systems put a title before it. */
function namesIn(name: string): readonly NamePattern[] {
  const parts = name.split(/[,;/()&+]|\s[-–]\s|\s(?:và|cùng|va)\s/iu);
  const names = new Set([name, ...(parts.length > 1 ? parts : [])].map((one) => one.replace(HONORIFIC, '').trim()));
  return [...names].filter((one) => one !== '' && !one.includes('*')).map(nameOf);
}

const HONORIFIC = /^\s*(?:(?:ông|bà|anh|chị|ong|ba|chi)\.?\s+)(?=\S+\s)/iu;

function nameOf(name: string): NamePattern {
  const words: number[] = [];
  let units = '';
  for (const word of name.split(/[^\p{L}\p{M}\p{N}]+/u)) {
    const folded = foldedOf(word);
    if (folded === '') continue;
    words.push(units.length);
    units += folded;
  }
  const lower = name.normalize('NFC').toLowerCase();
  const marked = fold(name) === lower.trim().replace(/\s+/g, ' ') ? '' : lower;
  return { kind: 'name', units, isShort: words.length < 2 && units.length < LONG_NAME, words, marked };
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
function placesIn(address: string): readonly Pattern[] {
  if (address === '' || address.includes('*')) return [];
  const parts = address
    .trim()
    .replace(/\s+/g, ' ')
    .split(BETWEEN_PARTS)
    .filter((part) => part !== '');
  const units = foldedOf(address);
  if (parts.every((part) => AREA.test(fold(part)))) return [plain('area', units)];
  const first = parts.slice(0, MOST_PARTS);
  const beginnings = first.map((_, at) => first.slice(0, at + 1).join(' ')).filter(isTelling);
  return [plain('exact', units), ...beginnings.map((one) => plain('exact', foldedOf(one)))];
}

function isTelling(beginning: string): boolean {
  const hasEnough = /[0-9]/.test(beginning) || beginning.split(/\s+/).length > 2;
  return hasEnough && foldedOf(beginning).length >= LONG_ENOUGH;
}
