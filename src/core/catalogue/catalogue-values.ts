import { CHANNEL, LEVEL, MEMBER, ONLINE_LEVEL, TERM_UNIT, type Words } from './service-words.ts';

/** The language: 0 for Vietnamese, 1 for English. */
export type In = 0 | 1;

/** A longer text is only reported as changed. Its beginning is enough to name an item. */
const LONGEST = 100;
/** With its quotation marks and the ellipsis. */
const LONGEST_QUOTED = LONGEST + 3;
const LONGEST_LINE = 300;

export type Members = Readonly<Record<string, unknown>>;

/** The quoted name of a list item. '' if it has none. */
export function nameOf(member: string, value: unknown, language: In): string {
  if (typeof value !== 'object' || value === null) return '';
  const one = value as Members;
  const channel = CHANNEL[one.channel as keyof typeof CHANNEL]?.[language];
  if (channel) return channel;
  if (member === 'fees') return typeof one.description === 'string' ? quoted(one.description) : '';
  if (member === 'terms') return '';
  const name = one.name ?? one.number ?? one.code ?? one.url;
  return typeof name === 'string' ? quoted(name) : '';
}

/** An added or removed list item, with its important values. */
export function describe(member: string, value: unknown, language: In): string {
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

function sizeOf({ steps, components }: Members, language: In): string {
  const [first, second] = [steps, components].map((list) => (Array.isArray(list) ? list.length : 0)) as [
    number,
    number,
  ];
  return [` (${first} bước, ${second} giấy tờ)`, ` (steps: ${first}, papers: ${second})`][language] as string;
}

function termsOf({ terms }: Members, language: In): string {
  if (!Array.isArray(terms) || terms.length === 0) return '';
  const each = terms.map((term) => `${timeOf(term as Members, language)}${feesOf(term as Members, language)}`);
  return `; ${lower(labelOf('terms', language))}: ${each.join('; ')}`;
}

function feesOf({ fees }: Members, language: In): string {
  if (!Array.isArray(fees) || fees.length === 0) return '';
  return `; ${lower(labelOf('fees', language))}: ${fees.map((fee) => feeOf(fee as Members, language)).join(', ')}`;
}

function copiesOf({ originals, copies }: Members, language: In): string {
  const said = [
    ...(typeof originals === 'number' ? [[`${originals} bản chính`, `originals: ${originals}`][language]] : []),
    ...(typeof copies === 'number' ? [[`${copies} bản sao`, `copies: ${copies}`][language]] : []),
  ];
  return said.length > 0 ? ` (${said.join(', ')})` : '';
}

/** The amount, or the source's words if the amount is unknown. */
export function feeOf({ amountVnd, text }: Members, language: In): string {
  if (typeof amountVnd === 'number')
    return [`${written(amountVnd, 0)} đ`, `${written(amountVnd, 1)} VND`][language] as string;
  return typeof text === 'string' ? quoted(text) : wordsOf('amountVnd', null, language);
}

/** The number with its unit, or the source's words if they were not understood. */
export function timeOf({ amount, unit, text }: Members, language: In): string {
  const words = TERM_UNIT[unit as keyof typeof TERM_UNIT]?.[language];
  if (typeof amount === 'number' && words)
    return `${written(amount, language)} ${language === 1 && amount === 1 ? words.replace(/s$/, '') : words}`;
  return typeof text === 'string' ? quoted(text) : wordsOf('amount', null, language);
}

export function wordsOf(member: string, value: unknown, language: In): string {
  if (value === null || value === undefined) return ['chưa rõ', 'not known'][language] as string;
  if (typeof value === 'boolean') return (value ? ['Có', 'Yes'] : ['Không', 'No'])[language] as string;
  if (typeof value === 'number') return written(value, language);
  if (typeof value !== 'string') return JSON.stringify(value);
  const table: Readonly<Record<string, Words>> | undefined = LISTED[member];
  return table?.[value]?.[language] ?? value;
}

const LISTED: Readonly<Record<string, Readonly<Record<string, Words>>>> = {
  level: LEVEL,
  levels: LEVEL,
  onlineLevel: ONLINE_LEVEL,
  channel: CHANNEL,
};

export function labelOf(member: string, language: In): string {
  return MEMBER[member]?.[language] ?? quoted(member);
}

/** Created once: toLocaleString creates a formatter for each number, which takes longer than the rest of the line. */
const NUMBER = [new Intl.NumberFormat('vi-VN'), new Intl.NumberFormat('en-GB')] as const;
const written = (value: number, language: In): string => NUMBER[language].format(value);
export const lower = (label: string): string => label.charAt(0).toLowerCase() + label.slice(1);
/** For values, and by default for quoted values. */
export const isLong = (text: string, most = LONGEST_QUOTED): boolean => text.length > most;
const shortened = (text: string, most = LONGEST): string => (text.length > most ? `${text.slice(0, most)}…` : text);
const quoted = (text: string): string => `“${shortened(text)}”`;
