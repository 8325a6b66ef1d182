import type { Arg, Code, Words } from '#messages/message';
import { inEnglish, isList, isWords } from '#messages/render';
import { OPERATIONS } from '#schemas/operations';
import type { SchemaNode } from '../explain.ts';
import { type Cause, type Problem, unmappedKey } from '../problem.ts';
import type { Mentions } from './mentions.ts';

/**
 * A problem in its stored form, as operators see it. The reply to the sender quotes the value. The stored form quotes
 * only values that cannot be personal:
 * - a date or a time, a number of up to five digits, one character, true and false
 * - a code of a dossier, service, agency or field, also a slightly wrong one
 * - words of the closed lists and the names of members of the published schemas
 * - in words about names (members, media types), a name of ASCII letters and digits
 * - an unmapped code, which operators must map, unless it reads as a name, a number or an e-mail address
 *
 * Any other value is stored as its form: `"Nguyễn Văn A"` as `"Aaaaaa Aaa A"`, `"0912345678"` as `"9999999999"`. The
 * value itself is in the body of the message, which needs the scope ops:body.
 */
export function keptProblem(problem: Problem): Problem {
  const path = keptPath(problem.path);
  // A version without codes stored a sentence.
  if (!isWords(problem)) return { ...(problem as Problem), path, message: keptSentence((problem as Problem).message) };
  return { path, ...inEnglish(keptWords(problem)) };
}

/** Words as they are kept. @param isShown which received values are kept as they are */
export function keptWords(words: Words, isShown = shownBy(words.code)): Words {
  const args = Object.entries(words.args).map(([name, arg]) => [name, keptArg(name, arg, isShown)] as const);
  return { code: words.code, args: Object.fromEntries(args) };
}

/** Words about a request, such as its media type: names that its sender gave are kept. */
export function keptRefusal(words: Words): Words {
  return keptWords(words, isName);
}

type IsShown = (value: string) => boolean;

function keptArg(name: string, arg: Arg, isShown: IsShown): Arg {
  if (isWords(arg)) return keptWords(arg, either(isShown, shownBy(arg.code)));
  if (isList(arg)) return arg.map((one) => (isWords(one) ? keptWords(one) : one));
  if (name === 'path') return keptPath(String(arg));
  if (name === 'said') return keptSentence(String(arg));
  if (name !== 'got' || arg === null || typeof arg === 'boolean') return arg;
  const value = String(arg);
  return isShown(value) ? arg : formOf(value);
}

const either =
  (one: IsShown, other: IsShown): IsShown =>
  (value) =>
    one(value) || other(value);

/** The stored form of the values that these words quote. */
function shownBy(code: Code): IsShown {
  if (ABOUT_CODES.has(code)) return (value) => isPlain(value) || !looksPersonal(value);
  return ABOUT_NAMES.has(code) ? isName : isPlain;
}

function isName(value: string): boolean {
  return isPlain(value) || keptName(value) === value || MEDIA_TYPE.test(value);
}

/** A sentence of somebody else as it is kept, by what it quotes. */
export function keptSentence(text: string): string {
  return text.replace(QUOTED, keptQuoted).replace(GOT_NUMBER, formOf);
}

/**
 * The cause of a waiting item in its stored form. Its key is masked too if the unmapped code is personal.
 *
 * @param people the people in the item, if known
 */
export function keptCause(cause: Cause, people?: Mentions): Cause {
  if (cause.kind !== 'unmapped' || !isOfPerson(cause.from, people)) return { ...cause, ...inEnglish(keptWords(cause)) };
  const from = formOf(cause.from);
  return { ...cause, from, key: unmappedKey(cause.table, from), ...inEnglish(keptWords(cause, isPlain)) };
}

function isOfPerson(code: string, people: Mentions | undefined): boolean {
  return looksPersonal(code) || (people !== undefined && people.mask(code) !== code);
}

/** Whether a code reads as a person's name, number or address. Partners have codes such as `Đang xử lý`. */
export function looksPersonal(code: string): boolean {
  if (/[@,\n]|%[0-9a-f]{2}|&#|[\\%]u[0-9a-f]{4}/i.test(code)) return true;
  if (code.replace(/[^0-9]/g, '').length >= 8 && !isPlain(code)) return true;
  return looksLikeName(code);
}

/** Whether a whole text reads as the name of one person: some words in a row that begin with a family name. */
export function looksLikeName(text: string): boolean {
  if (text.length > LONGEST_NAME) return false;
  const words = text.normalize('NFC').match(/[\p{L}\p{M}]+/gu) ?? [];
  if (words.length < 2 || words.length > 6) return false;
  const [first = '', second = ''] = words.map((word) => word.toLowerCase());
  if (UNMISTAKABLE.has(first)) return true;
  const isHeadline = words.every((word) => /^\p{Lu}/u.test(word));
  return isHeadline && FAMILIES.has(first) && !(first === 'hồ' && second === 'sơ');
}

/** In characters, with the marks of NFD. */
const LONGEST_NAME = 100;
const UNMISTAKABLE: ReadonlySet<string> = new Set([
  'nguyễn',
  'nguyen',
  'huỳnh',
  'huynh',
  'phạm',
  'pham',
  'quách',
  'quach',
]);
/** The most common family names. Without marks other words begin with the same letters. */
const FAMILIES: ReadonlySet<string> = new Set(
  (
    'trần tran lê hoàng phan vũ võ đặng bùi đỗ hồ ngô dương lý nông lương trịnh đinh đoàn đào mai lâm phùng trương tô tạ ' +
    'thái vương triệu lưu cao hà tăng nghiêm lường vàng giàng lò sùng ma'
  ).split(' '),
);

/** The code of an item in its stored form, because the sender may have put anything there. */
export function keptCode(code: string): string {
  return isCodeLike(code) ? code : formOf(code);
}

/** The form of a value: letters as A and a, digits as 9, at most 40 characters. */
export function formOf(value: string): string {
  const cut = value.length > LONGEST_FORM ? `${value.slice(0, LONGEST_FORM - 1)}…` : value;
  return cut
    .normalize('NFC')
    .replace(/\p{Lu}/gu, 'A')
    .replace(/[\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{M}]/gu, 'a')
    .replace(/\p{N}/gu, '9');
}

const LONGEST_FORM = 40;
/** A JSON string, perhaps cut. Without a closing quote it ends with the sentence. */
const QUOTED = /"(?:[^"\\]|\\.?)*(?:"|$)/gs;
const GOT_NUMBER = /(?<=\bgot )-?\d[\d.eE+-]{5,}(?=[,;]|$)/g;
const ABOUT_CODES: ReadonlySet<Code> = new Set(['unmapped-code', 'no-table-entry', 'no-status-entry']);
const ABOUT_NAMES: ReadonlySet<Code> = new Set([
  'unknown-member',
  'unknown-member-near',
  'unknown-member-known',
  'unexpected-name',
]);

function keptQuoted(quoted: string): string {
  const value = quoted.length > 1 && quoted.endsWith('"') ? quoted.slice(1, -1) : quoted.slice(1);
  if (isPlain(value)) return quoted;
  return JSON.stringify(formOf(readBack(value)));
}

/** A text that was cut may end within an escape. */
function readBack(value: string): string {
  try {
    return JSON.parse(`"${value}"`) as string;
  } catch {
    return value.replace(/\\./gs, '');
  }
}

/** With @ only at its beginning, as attributes and JSON-LD have it: elsewhere it makes an e-mail address. */
const NAME = /^[A-Za-z_@$#~:.-][A-Za-z0-9_$#~:.-]{0,59}$/;
/** Together, in any grouping, as in `tel:0938-271-645`. */
const DIGITS_OF_NUMBER = 9;
const MEDIA_TYPE = /^(?:text|application|multipart|image|audio|video)\/[\w.+-]+$/;

function keptPath(path: string): string {
  return path.split('/').map(keptName).join('/');
}

/** A step of a path: a member's name, a position in a list, or text of the sender in place of a name. */
export function keptName(name: string): string {
  const isPlace = /^\d{0,6}$/.test(name);
  return isPlace || (NAME.test(name) && !hasNumber(name)) ? name : formOf(name);
}

function hasNumber(name: string): boolean {
  return /\d{6}/.test(name) || name.replace(/\D/g, '').length >= DIGITS_OF_NUMBER;
}

function isPlain(value: string): boolean {
  if ([...value].length <= 1 || /^-?\d{1,5}$/.test(value)) return true;
  return isMoment(value) || isCodeLike(value) || isVocabulary(value);
}

const DATE =
  /^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[T ]+[\d:.,]{1,18})?(?: ?(?:Z|[+-]\d\d:?\d\d))?$/i;
/** `20250812081500`, as the national dialect writes it. */
const JOINED_DATE = /^(?:19|20)\d\d[01]\d[0-3]\d(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?$/;

function isMoment(value: string): boolean {
  return DATE.test(value) || JOINED_DATE.test(value);
}

/** In codes, single letters come before two digits (`H60.01-250812-0035`). A passport number has no dot or hyphen. */
const DOTTED_CODE = /^(?=.*[A-Z]\d\d)(?=.*[.-])(?!.*[A-Z]{4})(?!.*\d{9})[A-Z0-9.]{3,30}(?:-[A-Z]{0,3}\d{1,8}){0,2}$/i;
const OTHER_CODE = /^(?:[A-Z]\d\d|[1-3]\.\d{6}(?:\.[A-Z]\d\d)?|\d{1,6}\/\d{4}\/\d{5})$/i;

function isCodeLike(value: string): boolean {
  return DOTTED_CODE.test(value) || OTHER_CODE.test(value);
}

const VOCABULARY: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  ...Object.values(OPERATIONS).flatMap(wordsOf),
]);

/** The names of members, the values of lists, and the words within them. */
function wordsOf(schema: unknown): string[] {
  const { properties = {}, items, enum: values = [], anyOf = [] } = schema as SchemaNode;
  const own = values.flatMap((value) => [value, ...value.split('-')]);
  const members = Object.entries(properties).flatMap(([name, member]) => [name, ...wordsOf(member)]);
  return [...own, ...members, ...(items ? wordsOf(items) : []), ...anyOf.flatMap(wordsOf)].map((word) =>
    word.toLowerCase(),
  );
}

function isVocabulary(value: string): boolean {
  if (value.length > 60) return false;
  return (
    VOCABULARY.has(value.toLowerCase()) || value.split(/[ _-]+/).every((word) => VOCABULARY.has(word.toLowerCase()))
  );
}
