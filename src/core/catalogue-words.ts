import type { CatalogueChange, Step } from './catalogue-diff.ts';
import { CHANNEL, LEVEL, MEMBER, ONLINE_LEVEL, TERM_UNIT, type Words } from './service-words.ts';

export type ChangedKind = 'service' | 'agency' | 'field';

const KIND: Readonly<Record<ChangedKind, Words>> = {
  service: ['Thủ tục', 'The service'],
  agency: ['Cơ quan', 'The agency'],
  field: ['Lĩnh vực', 'The field'],
};

/** A text that is longer is said to have changed; its beginning is enough to name something. */
const LONGEST = 100;
/** With its marks. */
const LONGEST_QUOTED = LONGEST + 3;
const LONGEST_LINE = 300;

type Members = Readonly<Record<string, unknown>>;

/** A change in a line that people read, in both languages: `Phí, lệ phí (Trực tiếp): 20.000 đ → 30.000 đ`. */
export function changeText(kind: ChangedKind, change: CatalogueChange): Words {
  return [lineOf(kind, change, 0), lineOf(kind, change, 1)];
}

type In = 0 | 1;

function lineOf(kind: ChangedKind, { path, was, now, way }: CatalogueChange, language: In): string {
  const last = way.at(-1) as Step;
  const say = (words: Words): string => words[language];
  if (last.member === 'inForce' && way.length === 1) return inForce(kind, now, language);
  const label = numbered(last, path, language);
  const around = contextOf(way.slice(0, -1), language);
  if (last.of && (was === null || now === null)) {
    const one = describe(last.member, was ?? now, language);
    return was === null
      ? say([`Thêm ${lower(label)}${around}: ${one}`, `${label} added${around}: ${one}`])
      : say([`Bỏ ${lower(label)}${around}: ${one}`, `${label} no longer there${around}: ${one}`]);
  }
  if (Array.isArray(was) && Array.isArray(now))
    return say([`${label}${around}: thứ tự đã thay đổi`, `${label}s${around}: in another order`]);
  const subject = subjectOf(way, label, language);
  const [before, after] = bothValues({ was, now, way }, language);
  if (isLong(before, LONGEST_QUOTED) || isLong(after, LONGEST_QUOTED))
    return `${subject}: ${say(lengthened(was, now))}`;
  return `${subject}: ${before} → ${after}`;
}

function inForce(kind: ChangedKind, now: unknown, language: In): string {
  const subject = KIND[kind][language];
  const told: Words =
    now === true ? ['có hiệu lực trở lại', 'is in force again'] : ['hết hiệu lực', 'is no longer in force'];
  return `${subject} ${told[language]}`;
}

const lengthened = (was: unknown, now: unknown): Words =>
  was === null
    ? ['nội dung được thêm', 'text was added']
    : now === null
      ? ['nội dung được bỏ', 'text was taken out']
      : ['nội dung đã thay đổi', 'the text has changed'];

/** What changed: a member of the record, or of one in a list, which is named. */
function subjectOf(way: readonly Step[], label: string, language: In): string {
  const last = way.at(-1) as Step;
  if (last.of) return `${label}${contextOf(way.slice(0, -1), language)}`;
  const holder = way.at(-2);
  if (!holder) return label;
  const name = nameOf(holder, language);
  const of = `${labelOf(holder.member, language)}${name}${contextOf(way.slice(0, -2), language)}`;
  const isItself =
    last.member === 'amountVnd' || last.member === 'text' || (holder.member === 'terms' && isTime(last.member));
  return isItself ? of : `${of}, ${lower(label)}`;
}

/** Steps have no names, but numbers. */
function numbered({ member, of }: Step, path: string, language: In): string {
  if (member !== 'steps' || !of) return labelOf(member, language);
  return `${['Bước', 'Step'][language]} ${Number(path.split('/').at(-1)) + 1}`;
}

const isTime = (member: string): boolean => member === 'amount' || member === 'unit';

/** The two values in words; of a term's number or unit both terms whole, for `10` alone says nothing. */
function bothValues({ was, now, way }: Omit<CatalogueChange, 'path'>, language: In): readonly [string, string] {
  const last = way.at(-1) as Step;
  const { of } = way.at(-2) ?? {};
  const holder = way.at(-2)?.member;
  if (of && holder === 'terms' && isTime(last.member))
    return [timeOf(of.was as Members, language), timeOf(of.now as Members, language)];
  if (of && holder === 'fees' && last.member === 'amountVnd')
    return [feeOf(of.was as Members, language), feeOf(of.now as Members, language)];
  return [wordsOf(last.member, was, language), wordsOf(last.member, now, language)];
}

/** In whose case, paper or way to file, as far as these have names. */
function contextOf(way: readonly Step[], language: In): string {
  const named = way.flatMap((step) => {
    if (step.member === 'terms') return [];
    const name = nameOf(step, language).trim();
    if (!step.of) return labelOf(step.member, language);
    if (name === '' || step.member === 'channels') return name || [];
    return `${lower(labelOf(step.member, language))} ${name}`;
  });
  return named.length > 0 ? ` (${named.join(', ')})` : '';
}

function nameOf({ member, of }: Step, language: In): string {
  const one = (of?.now ?? of?.was) as Members | string | undefined;
  if (typeof one !== 'object') return '';
  const channel = CHANNEL[one.channel as keyof typeof CHANNEL]?.[language];
  if (channel) return ` ${channel}`;
  if (member === 'fees') return typeof one.description === 'string' ? ` ${quoted(one.description)}` : '';
  if (member === 'terms') return '';
  const name = one.name ?? one.number ?? one.code ?? one.url;
  return typeof name === 'string' ? ` ${quoted(name)}` : '';
}

/** A member of a list that came or went, with what matters of it. */
function describe(member: string, value: unknown, language: In): string {
  if (typeof value === 'string' && !LISTED[member]) return quoted(value);
  if (typeof value !== 'object' || value === null) return wordsOf(member, value, language);
  const one = value as Members;
  const name = nameOf({ member, of: { was: one, now: one } }, language).trim();
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

/** The amount; where it is not known, what the source said. */
function feeOf({ amountVnd, text }: Members, language: In): string {
  if (typeof amountVnd === 'number')
    return [`${written(amountVnd, 0)} đ`, `${written(amountVnd, 1)} VND`][language] as string;
  return typeof text === 'string' ? quoted(text) : wordsOf('amountVnd', null, language);
}

/** The number with its unit; where they were not understood, what the source said. */
function timeOf({ amount, unit, text }: Members, language: In): string {
  const words = TERM_UNIT[unit as keyof typeof TERM_UNIT]?.[language];
  if (typeof amount === 'number' && words)
    return `${written(amount, language)} ${language === 1 && amount === 1 ? words.replace(/s$/, '') : words}`;
  return typeof text === 'string' ? quoted(text) : wordsOf('amount', null, language);
}

function wordsOf(member: string, value: unknown, language: In): string {
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

function labelOf(member: string, language: In): string {
  return MEMBER[member]?.[language] ?? quoted(member);
}

const written = (value: number, language: In): string => value.toLocaleString(['vi-VN', 'en-GB'][language]);
const lower = (label: string): string => label.charAt(0).toLowerCase() + label.slice(1);
const isLong = (text: string, most = LONGEST): boolean => text.length > most;
const shortened = (text: string, most = LONGEST): string => (isLong(text, most) ? `${text.slice(0, most)}…` : text);
const quoted = (text: string): string => `“${shortened(text)}”`;
