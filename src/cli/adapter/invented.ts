import { kindByName, type Leaf } from '#core/masking/body-masking';
import { INVENT, type Kind } from './invented-values.ts';

/** Invents values for personal data and secrets: always the same for the same value, in the same shape. */
export interface Inventor {
  /** Learns what to replace from a text and the name of its member. */
  learn(leaf: Leaf): void;
  learnAs(kind: Kind, value: string): void;
  /** Replaces all learned values in a text, in any letter case, with or without diacritics. */
  invent(text: string): string;
  /** How many different values were learned, by kind. */
  counts(): Readonly<Partial<Record<Kind, number>>>;
}

interface Learned {
  readonly kind: Kind;
  readonly number: number;
  readonly pattern: string;
}

/** A shorter text may be a part of any word. */
const SHORTEST = 4;

/**
 * Finds values by member names (as operators see them masked) and by shape: numbers, addresses, capitalised words in a row. It
 * misses a name in small letters, so a person must review the result.
 */
export function createInventor(): Inventor {
  const learned = new Map<string, Learned>();
  const counts: Partial<Record<Kind, number>> = {};
  let patterns: readonly RegExp[] | undefined;

  function learnAs(kind: Kind, given: string): void {
    const value = given.normalize('NFC').trim();
    const key = keyOf(kind, flat(value));
    if (value.length < SHORTEST || NO_SECRET.test(value) || learned.has(key)) return;
    counts[kind] = (counts[kind] ?? 0) + 1;
    learned.set(key, { kind, number: counts[kind], pattern: patternOf(kind, flat(value)) });
    patterns = undefined;
  }

  /** Replaces each match by a unique mark first. So an invented value is never matched again. */
  function replaced(given: string): string {
    const marked: string[] = [];
    patterns ??= inGroups([...learned.values()]);
    const text = patterns.reduce((rest, pattern) => mark(rest, pattern, marked), given.normalize('NFC'));
    return text.replace(MARKS, (found) => marked[found.charCodeAt(0) - FIRST_MARK] ?? found);
  }

  function mark(text: string, pattern: RegExp, marked: string[]): string {
    let out = '';
    let from = 0;
    for (const { 0: found, index } of flat(text).matchAll(pattern)) {
      const known = KINDS.map((kind) => learned.get(keyOf(kind, found))).find((one) => one !== undefined);
      if (!known || marked.length === MOST_MARKS) continue;
      marked.push(INVENT[known.kind](text.slice(index, index + found.length), known.number));
      out += text.slice(from, index) + String.fromCharCode(FIRST_MARK + marked.length - 1);
      from = index + found.length;
    }
    return out + text.slice(from);
  }

  return {
    learnAs,
    learn({ name, text }) {
      const kind = kindByName(name);
      if (kind === 'secret') return learnAs('secret', text);
      const isPerson = kind === 'name' || PEOPLE.test(name);
      if (isPerson) learnAs('name', text);
      if (kind === 'place') learnAs('address', text);
      if (kind === 'number') learnAs(kindOfNumber(name, text), text);
      for (const [shape, found] of SHAPES)
        for (const [, value] of text.matchAll(found)) learnAs(shape, value as string);
      if (kind !== 'place' && kind !== 'number' && !isPerson && !PUBLIC.test(name))
        for (const [words] of text.normalize('NFC').matchAll(CAPITALS)) if (mayBeName(words)) learnAs('name', words);
    },
    invent: (text) => (learned.size === 0 ? text : throughEscapes(replaced(text), replaced)),
    counts: () => counts,
  };
}

/** Texts under the name of a secret that are not secrets. */
const NO_SECRET = /^(?:\*+|bearer|basic|true|false|null|\d{1,7})$/i;
/** Members of our own records that name a person. */
const PEOPLE = /(?:^|\/)(?:actor|requestedBy|receivedBy)$/;
/** Public members of our own records. */
const PUBLIC = /(?:^|\/)(?:serviceName|agencyName|fieldName|unit|processingUnit|service\/name|agency\/name)$/;
/** Like the patterns below it starts only at a word's beginning. From every letter of a long word it would take quadratic time. */
const CAPITALS = /(?=\p{Lu})(?<!\p{N}|\p{L}\p{M}*)\p{Lu}[\p{L}\p{M}]*(?: +\p{Lu}[\p{L}\p{M}]*)+/gu;
const SHAPES: readonly (readonly [Kind, RegExp])[] = [
  ['e-mail', /(?<![\w.+-])([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/g],
  ['host', /https?:\/\/([^/\s"'<>?#@:{}]+)/g],
  // Checks first that a value follows. Otherwise it would search again behind each word of a long name.
  ['secret', /[?&;](?=[\w.-]*=[^&\s"'<>])[\w.-]*(?:token|key|secret|sig|session|password)[\w.-]*=([^&\s"'<>]+)/gi],
  ['secret', /(?<![\w-])(eyJ[\w-]+\.[\w-]+\.[\w-]*)/g],
  ['secret', /Bearer ([\w.~+/-]{8,}=*)/g],
  ['file', /(?<![\w+/])((?:[A-Za-z0-9+/]{4}(?:\r?\n)?){50,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)(?![\w+/=])/g],
  // An identity number begins with a province's number, a telephone number with 0 or the country code. Times do not.
  ['identity number', /(?<!\d)(0\d{11})(?!\d)/g],
  ['identity number', /(?<![\w.+/-])(\d{9})(?![\w/-]|\.\d)/g],
  ['phone', /(?<![\d.])((?:\+?84|0)\d{9,10})(?!\d)/g],
  ['phone', /(?<![\d.])((?:\+?84|0)\d{1,3}(?:[ .-]\d{3,4}){2,3})(?!\d)/g],
];

/** Words without diacritics may be English or about a dossier (HO SO DA TON TAI). Only those with a family name count. */
function mayBeName(words: string): boolean {
  if (/[^ -~]/.test(words)) return true;
  const others = words.toLowerCase().replace(/\bho so\b/g, '');
  return others.split(' ').some((word) => FAMILIES.has(word));
}

const FAMILIES: ReadonlySet<string> = new Set(
  (
    'nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong ly dinh trinh dao doan mai to ha luong luu cao ' +
    'chu thai ta phung vuong quach nong lo giang vang sung ma trieu hau be thao lau cu mua tong ban dam chau kim thach'
  ).split(' '),
);

function kindOfNumber(name: string, text: string): Kind {
  if (text.includes('@')) return 'e-mail';
  if (/ngaysinh|birth/i.test(name)) return 'birthday';
  return /^\+?(?:84|0)\d{9,10}$/.test(text.replace(/[ .()-]/g, '')) ? 'phone' : 'identity number';
}

const KINDS = [
  'name',
  'identity number',
  'phone',
  'e-mail',
  'address',
  'birthday',
  'secret',
  'file',
  'host',
  'dossier code',
] as Kind[];

/** A longer value is matched by its beginning and replaced to its end. */
const COMPARED = 100;

/**
 * The same key for all spellings of a value.
 * @param text as `flat` returns it
 */
function keyOf(kind: Kind, text: string): string {
  const digits = text.replace(/\D/g, '');
  if (kind === 'phone') return `phone ${digits.replace(/^(?:84|0)/, '')}`;
  if (kind === 'identity number' && /^[\d .()-]+$/.test(text)) return `number ${digits}`;
  const plain = text.replace(/ +/g, ' ').replace(/&(?:amp;)+/g, '&');
  return `${kind === 'identity number' ? 'number' : kind} ${plain.slice(0, COMPARED)}`;
}

function patternOf(kind: Kind, text: string): string {
  const between = '[ .\\-()]{0,3}';
  const digits = text.replace(/\D/g, '');
  if (kind === 'phone')
    return `(?<!\\d)(?:(?:\\+?84|0)${between})?${[...digits.replace(/^(?:84|0)/, '')].join(between)}(?!\\d)`;
  if (kind === 'identity number' && /^[\d .()-]+$/.test(text)) return `(?<!\\d)${[...digits].join(between)}(?!\\d)`;
  const escaped = text
    .slice(0, COMPARED)
    .replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    .replace(/ +/g, ' +')
    // XML within XML escapes it twice.
    .replace(/&(?:amp;)*/g, '&(?:amp;)*');
  if (text.length > COMPARED) return `${escaped}[^\\s"'<>]*(?: [^\\s"'<>]{40,})*`;
  // A secret may stand in the middle of a word; names may not.
  if (kind === 'secret' || kind === 'file') return escaped;
  return `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`;
}

/**
 * Longest first, so that a name comes before a shorter one with the same beginning. Grouped, since one expression would be too
 * large.
 */
function inGroups(learned: readonly Learned[]): readonly RegExp[] {
  const patterns = learned.map(({ pattern }) => pattern).sort((a, b) => b.length - a.length);
  return Array.from(
    { length: Math.ceil(patterns.length / GROUP) },
    (_, at) => new RegExp(patterns.slice(at * GROUP, (at + 1) * GROUP).join('|'), 'gu'),
  );
}

const GROUP = 40;
/** Unicode's private use area: no text contains these letters, and no pattern matches them. */
const FIRST_MARK = 0xe000;
const MOST_MARKS = 0x1900;
const MARKS = /[\ue000-\uf8ff]/g;

/** Lower-cases and removes diacritics without moving any letter. So offsets are valid in the original text. */
function flat(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    const small = letter === 'đ' || letter === 'Đ' ? 'd' : (letter.normalize('NFD').toLowerCase()[0] as string);
    out += /\s/.test(small) ? ' ' : small;
  }
  return out;
}

/** Starts only at the beginning of such words, or behind a % that escapes nothing. */
const ESCAPED = /(?<![\w.~+-])(?:[\w.~+-]|%[0-9a-f]{2})*(?:\+|%[0-9a-f]{2})(?:[\w.~+-]|%[0-9a-f]{2})*/gi;

/** In an address and a form, letters beyond ASCII and slashes are escaped. A form writes blanks as `+`. */
function throughEscapes(text: string, replace: (text: string) => string): string {
  return text.replace(ESCAPED, (escaped) => {
    const plain = unescaped(escaped);
    const replaced = plain === undefined ? undefined : replace(plain);
    if (replaced === undefined || replaced === plain) return escaped;
    const written = encodeURIComponent(replaced);
    return escaped.includes('+') ? written.replaceAll('%20', '+') : written;
  });
}

/** The text of a value in an address or a form. Undefined if it escapes no UTF-8. */
export function unescaped(value: string): string | undefined {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
