import { drain } from '../drain.ts';
import { maskTail } from '../identifiers/identifiers.ts';
import { replaceEncoded } from './encoded-text.ts';
import { keptName, looksLikeName } from './kept-problem.ts';
import { maskName, maskNamesIn, maskNumbersIn } from './masking.ts';
import type { Mentions } from './mentions.ts';
import { growReplacer } from './replace-known-texts.ts';

/** A text of a body, and the name of its member, element or attribute after the parent's name and `/`. */
export interface Leaf {
  readonly name: string;
  readonly text: string;
}

/** Shows texts of a body to an operator. */
export type ShowText = (leaf: Leaf) => string;

const HIDDEN = '***';
/** Names in comparable form: only small letters and digits. */
const SECRET = /(?:pass(?:word|wd)|secret|token|session|authori[sz]ation|apikey|accesskey|credential|matkhau|nonce)/;
/** Names of personal data, in the hub's records, in dialects of Vietnamese systems, and in the rows of files. */
const NAMES =
  /(?:^|\/)(?:values\/name|(?:applicant|asker|payer|receiver|sender)(?:\/|full)?name|citizenname|chuhoso|tennguoi(?:nop|nhan|dung|gui|hoi)\w*|nguoinop\w*|fullname|hovaten)$/;
const NUMBERS =
  /(?:identitynumber|phone|dienthoai|^sdt|\/sdt|email|^fax|\/fax|techid|sogiayto|sodinhdanh|soddcn|applicantsid|cccd|cmnd|madoituong|taikhoan|ngaysinh|birthda)/;
const PLACES =
  /(?:values\/address|(?:applicant|asker|receiver|sender)\/?address|(?:^|\/)diachi(?:chuhoso|nguoi\w*|thuongtru|tamtru)?$|cutru|quequan|thuongtru)/;
/** Officers, whom the history of a dossier names to every reader. */
const OFFICERS = /(?:^|\/)(?:actor|answers\/by|nguoixuly|canboxuly)$/;
/** Sentences of a partner, such as a fault. They may name people whom no record names. */
const SENTENCES =
  /(?:^|\/)(?:message|error(?:message|detail|description)?|errors|faultstring|reason(?:\/text)?|detail|thongbao|motaloi|noidungloi)$/;

/**
 * Decides how the texts of a body are shown. Secrets are always hidden. Personal data is masked unless the reader may
 * see it. Values with personal names are masked in all other texts of the body too, and numbers and addresses by their
 * shape. A whole text that reads as a name is one, and in a partner's sentences so is every text that looks like a name.
 *
 * @param people whom the body is known to name: partners and settings may give a name any member
 */
export function createShowText(...given: Parameters<typeof growShowText>): ShowText {
  return drain(growShowText(...given));
}

/** The same in small steps, so that a caller can let other work run between them. */
export function* growShowText(
  leaves: readonly Leaf[],
  mayBePersonal: boolean,
  people?: Pick<Mentions, 'mask'>,
): Generator<void, ShowText> {
  /** A list of records repeats each name. */
  const kinds = new Map<string, Kind>();
  const kindIn = (name: string): Kind => {
    if (!kinds.has(name)) kinds.set(name, kindByName(name));
    return kinds.get(name);
  };
  const known = new Map<string, string>();
  const kindOfLeaf = ({ name, text }: Leaf): Kind => kindIn(name) ?? (isName(text) ? 'name' : undefined);
  if (!mayBePersonal)
    for (const leaf of leaves) {
      const masked = maskedByKind(kindOfLeaf(leaf), leaf.text.trim());
      if (masked !== undefined && leaf.text.trim().length >= 4) known.set(leaf.text.trim(), masked);
    }
  const replaceKnown = yield* growReplacer(known);
  return (leaf) => {
    const { name, text } = leaf;
    if (kindIn(name) === 'secret') return HIDDEN;
    if (mayBePersonal || text.trim() === '') return text;
    const kind = kindOfLeaf(leaf);
    const maskRest = kind === 'sentence' ? maskNamesIn : maskNumbersIn;
    const mask = (whole: string): string => replaceKnown(people?.mask(whole) ?? whole);
    // Such as the payload of a signed token.
    const hideEncoded = (held: string, run: string): string => (maskNamesIn(mask(held)) === held ? run : HIDDEN);
    return maskedByKind(kind, text) ?? maskRest(replaceEncoded(mask(text), hideEncoded));
  };
}

/** A name of two words may be that of a province. */
function isName(text: string): boolean {
  return /\S\s+\S+\s+\S/.test(text.slice(0, 200)) && looksLikeName(text.trim());
}

function maskedByKind(kind: Kind, text: string): string | undefined {
  if (kind === 'name') return maskName(text);
  return kind === 'number' || kind === 'place' ? maskTail(text) : undefined;
}

type Kind = 'secret' | 'name' | 'number' | 'place' | 'officer' | 'sentence' | undefined;

/** The kind of a value by its name. Undefined for any other name. */
export function kindByName(name: string): Kind {
  return kindOf(plain(name));
}

function kindOf(plainName: string): Kind {
  if (SECRET.test(plainName)) return 'secret';
  if (NAMES.test(plainName) || ownName(plainName).includes('hoten')) return 'name';
  if (NUMBERS.test(plainName)) return 'number';
  if (PLACES.test(plainName)) return 'place';
  if (OFFICERS.test(plainName)) return 'officer';
  return SENTENCES.test(plainName) ? 'sentence' : undefined;
}

/**
 * The name without its parent. With \w*hoten\w* in the pattern instead, a name of 80,000 letters took three seconds.
 */
function ownName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9/]/g, '');
}

/** All texts and numbers of a parsed JSON value. A member's name is a text too, unless it is a plain word. */
export function leavesOf(value: unknown, name = ''): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((one) => leavesOf(one, name));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([member, one]) => {
      const inside = leavesOf(one, below(name, member));
      return isPlainMember(member) ? inside : [{ name: '', text: member }, ...inside];
    });
  return typeof value === 'string' || typeof value === 'number' ? [{ name, text: String(value) }] : [];
}

/** A parsed JSON value with its texts, and its masked numbers, as they are shown. */
export function shownValue(value: unknown, show: ShowText, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => shownValue(one, show, name));
  if (typeof value === 'object' && value !== null) return shownMembers(value, show, name);
  if (typeof value === 'string') return show({ name, text: value });
  if (typeof value !== 'number') return value;
  const text = show({ name, text: String(value) });
  return text === String(value) ? value : text;
}

/** Two masked names may be equal: then the later one has a number. */
function shownMembers(value: object, show: ShowText, name: string): object {
  const times = new Map<string, number>();
  return Object.fromEntries(
    Object.entries(value).map(([member, one]) => {
      const text = isPlainMember(member) ? member : show({ name: '', text: member });
      const time = (times.get(text) ?? 0) + 1;
      times.set(text, time);
      return [time === 1 ? text : `${text} (${time})`, shownValue(one, show, below(name, member))];
    }),
  );
}

function isPlainMember(member: string): boolean {
  return keptName(member) === member;
}

/** The name of a child. Of the parent only the end of its own name, because every child carries it. */
export function below(parent: string, member: string): string {
  return `${ownName(parent.slice(-LONGEST_PARENT))}/${member}`;
}

const LONGEST_PARENT = 100;
