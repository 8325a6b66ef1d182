import type { Bilingual, Language } from '#messages/message';
import { CHANNEL, LEVEL, MEMBER, ONLINE_LEVEL, TERM_UNIT } from './service-words.ts';

/** The word in a language. Undefined without a word. */
export function inLanguage(language: Language, words: Bilingual): string;
export function inLanguage(language: Language, words: Bilingual | undefined): string | undefined;
export function inLanguage(language: Language, words: Bilingual | undefined): string | undefined {
  return words?.[language === 'vi' ? 0 : 1];
}

/** A longer text is only reported as changed. Its beginning is enough to name an item. */
const LONGEST = 100;
/** With its quotation marks and the ellipsis. */
const LONGEST_QUOTED = LONGEST + 3;
const LONGEST_LINE = 300;

export type Members = Readonly<Record<string, unknown>>;

/** The quoted name of a list item. '' if it has none. */
export function nameOf(member: string, value: unknown, language: Language): string {
  if (typeof value !== 'object' || value === null) return '';
  const one = value as Members;
  const channel = inLanguage(language, CHANNEL[one.channel as keyof typeof CHANNEL]);
  if (channel) return channel;
  if (member === 'fees') return typeof one.description === 'string' ? quoted(one.description) : '';
  if (member === 'terms') return '';
  const name = one.name ?? one.number ?? one.code ?? one.url;
  return typeof name === 'string' ? quoted(name) : '';
}

/** An added or removed list item, with its important values. */
export function describe(member: string, value: unknown, language: Language): string {
  if (typeof value === 'string' && !LISTED[member]) return quoted(value);
  if (typeof value !== 'object' || value === null) return wordsOf(member, value, language);
  const one = value as Members;
  const name = nameOf(member, one, language);
  const description = typeof one.description === 'string' ? ` – ${shortened(one.description)}` : '';
  const texts: Readonly<Record<string, () => string>> = {
    fees: () => `${feeOf(one, language)}${description}`,
    terms: () => `${timeOf(one, language)}${description}${feesOf(one, language)}`,
    channels: () => `${name}${termsOf(one, language)}`,
    cases: () => `${name}${sizeOf(one, language)}`.trim(),
    components: () => `${name}${copiesOf(one, language)}`,
    legalBases: () => [one.number, one.name].filter((part) => typeof part === 'string').join(' – '),
  };
  return shortened(texts[member]?.() ?? (name || JSON.stringify(one)), LONGEST_LINE);
}

function sizeOf({ steps, components }: Members, language: Language): string {
  const count = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
  const [first, second] = [count(steps), count(components)];
  return inLanguage(language, [` (${first} bước, ${second} giấy tờ)`, ` (steps: ${first}, papers: ${second})`]);
}

function termsOf({ terms }: Members, language: Language): string {
  if (!Array.isArray(terms) || terms.length === 0) return '';
  const each = terms.map((term) => `${timeOf(term as Members, language)}${feesOf(term as Members, language)}`);
  return `; ${lower(labelOf('terms', language))}: ${each.join('; ')}`;
}

function feesOf({ fees }: Members, language: Language): string {
  if (!Array.isArray(fees) || fees.length === 0) return '';
  return `; ${lower(labelOf('fees', language))}: ${fees.map((fee) => feeOf(fee as Members, language)).join(', ')}`;
}

function copiesOf({ originals, copies }: Members, language: Language): string {
  const counts: Bilingual[] = [];
  if (typeof originals === 'number') counts.push([`${originals} bản chính`, `originals: ${originals}`]);
  if (typeof copies === 'number') counts.push([`${copies} bản sao`, `copies: ${copies}`]);
  return counts.length > 0 ? ` (${counts.map((words) => inLanguage(language, words)).join(', ')})` : '';
}

/** The amount, or the source's words if the amount is unknown. */
export function feeOf({ amountVnd, text }: Members, language: Language): string {
  if (typeof amountVnd === 'number')
    return inLanguage(language, [`${written(amountVnd, 'vi')} đ`, `${written(amountVnd, 'en')} VND`]);
  return typeof text === 'string' ? quoted(text) : wordsOf('amountVnd', null, language);
}

/** The number with its unit, or the source's words if they were not understood. */
export function timeOf({ amount, unit, text }: Members, language: Language): string {
  const units = inLanguage(language, TERM_UNIT[unit as keyof typeof TERM_UNIT]);
  if (typeof amount === 'number' && units)
    return `${written(amount, language)} ${language === 'en' && amount === 1 ? units.replace(/s$/, '') : units}`;
  return typeof text === 'string' ? quoted(text) : wordsOf('amount', null, language);
}

export function wordsOf(member: string, value: unknown, language: Language): string {
  if (value === null || value === undefined) return inLanguage(language, ['chưa rõ', 'not known']);
  if (typeof value === 'boolean') return inLanguage(language, value ? ['Có', 'Yes'] : ['Không', 'No']);
  if (typeof value === 'number') return written(value, language);
  if (typeof value !== 'string') return JSON.stringify(value);
  const table: Readonly<Record<string, Bilingual>> | undefined = LISTED[member];
  return inLanguage(language, table?.[value]) ?? value;
}

const LISTED: Readonly<Record<string, Readonly<Record<string, Bilingual>>>> = {
  level: LEVEL,
  levels: LEVEL,
  onlineLevel: ONLINE_LEVEL,
  channel: CHANNEL,
};

export function labelOf(member: string, language: Language): string {
  return inLanguage(language, MEMBER[member]) ?? quoted(member);
}

/** Created once: toLocaleString creates a formatter for each number, which takes longer than the rest of the line. */
const NUMBER = { vi: new Intl.NumberFormat('vi-VN'), en: new Intl.NumberFormat('en-GB') } as const;
const written = (value: number, language: Language): string => NUMBER[language].format(value);
export const lower = (label: string): string => label.charAt(0).toLowerCase() + label.slice(1);
/** For values, and by default for quoted values. */
export const isLong = (text: string, most = LONGEST_QUOTED): boolean => text.length > most;
const shortened = (text: string, most = LONGEST): string => (text.length > most ? `${text.slice(0, most)}…` : text);
const quoted = (text: string): string => `“${shortened(text)}”`;
