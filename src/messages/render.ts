import { EN } from './en.ts';
import type { Arg, Code, Language, Rendered, Sentence, TextOrWords, Words } from './message.ts';
import { CODES, NAMES } from './names.ts';
import { VI } from './vi.ts';

const SENTENCES: Readonly<Record<Language, Readonly<Record<Code, string>>>> = { en: EN, vi: VI };

/** The sentence of these words in a language. */
export function render({ code, args }: Words, language: Language): string {
  if (code === 'quoted-text' && language !== 'en' && isWords(args.meant)) return render(args.meant, language);
  const sentence = SENTENCES[language][code];
  if (!sentence.includes('{')) return sentence;
  return sentence.replace(HOLE, (_, hole: string) => {
    const arg = args[hole];
    return arg === undefined ? '' : shown(hole, arg, language);
  });
}

/** The words with their English sentence, which stays beside them. */
export function inEnglish({ code, args }: Words): Rendered {
  return { code, args, message: render({ code, args }, 'en') };
}

/** A message with its English sentence. */
export function sentenceOf(said: TextOrWords): Sentence {
  return typeof said === 'string' ? { message: said } : { message: render(said, 'en'), words: said };
}

/** Whether a value, such as one from the database, is words of a code that this version knows. */
export function isWords(value: unknown): value is Words {
  if (typeof value !== 'object' || value === null) return false;
  const { code, args } = value as Readonly<Record<string, unknown>>;
  return typeof code === 'string' && Object.hasOwn(EN, code) && typeof args === 'object' && args !== null;
}

const HOLE = /\{(\w+)\}/g;
/** The placeholders of received values. */
const VALUES: ReadonlySet<string> = new Set(['got', 'near']);
/** The placeholders of our own words for kinds of things. */
const NAMED: ReadonlySet<string> = new Set(['kind', 'thing', 'types', 'before', 'what']);
/** The placeholders of codes of the interface. */
const CODED: ReadonlySet<string> = new Set(['status', 'state', 'table']);
/** The placeholders of numbers that name a thing. They are written alike in every language, without points. */
const IDENTIFYING: ReadonlySet<string> = new Set([
  'id',
  'number',
  'hold',
  'position',
  'first',
  'last',
  'line',
  'column',
  'page',
  'place',
]);
/** The separator of a list's entries, by its placeholder. */
const BETWEEN: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: { problems: '; ', alternatives: ' or ', types: ' or ', before: ' or ' },
  vi: { problems: '; ', alternatives: ' hoặc ', types: ' hoặc ', before: ' hoặc ' },
};
/** The placeholders of moments and days. */
const MOMENTS: ReadonlySet<string> = new Set(['at', 'day', 'moment', 'newest', 'since', 'until']);
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?\+07:00)?$/;

function shown(hole: string, arg: Arg, language: Language): string {
  if (isList(arg)) return arg.map((one) => shown(hole, one, language)).join(BETWEEN[language][hole] ?? ', ');
  if (isWords(arg)) return render(arg, language);
  if (VALUES.has(hole)) return JSON.stringify(arg);
  if (language === 'en') return String(arg);
  if (typeof arg === 'number') return IDENTIFYING.has(hole) ? String(arg) : arg.toLocaleString('vi');
  const text = String(arg);
  if (hole === 'said') return `“${text}”`;
  const [, year, month, day, time] = (MOMENTS.has(hole) && INSTANT.exec(text)) || [];
  if (year !== undefined) return `${day}/${month}/${year}${time === undefined ? '' : ` ${time}`}`;
  if (CODED.has(hole) && Object.hasOwn(CODES, text)) return `${CODES[text]} (${text})`;
  return NAMED.has(hole) && Object.hasOwn(NAMES, text) ? (NAMES[text] as string) : text;
}

/** Whether an argument is a list. */
export function isList(arg: Arg): arg is readonly (string | number | Words)[] {
  return Array.isArray(arg);
}
