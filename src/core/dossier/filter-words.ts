import { STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import { instantToMs, msToInstant } from '../dates/dates.ts';
import { subordinateSuffix } from '../identifiers/identifiers.ts';
import { quoted } from '../vietnamese/search-words.ts';

/**
 * The words by which the search index finds a dossier by a filter, beside the words of its name and codes. So one index
 * intersects all of them. Each begins with `=` and a capital letter, which no word of a name or code does.
 */
export interface FilterMembers {
  readonly owner: string;
  readonly status: Status;
  readonly statusAt: string;
  readonly agencyCode: string;
  /** The short form of the procedure code. */
  readonly serviceKey: string;
  readonly fieldCode?: string | undefined;
  readonly channel?: string | undefined;
  readonly receivedAt?: string | undefined;
}

/** Joined by blanks. */
export function filterWords(dossier: FilterMembers): string {
  const { owner, status, statusAt, agencyCode, serviceKey, fieldCode, channel, receivedAt } = dossier;
  const words = `${agencyWords(agencyCode)} =S${serviceKey} ${statusWord(status)} =O${owner} =D${periodOf(instantToMs(statusAt))}`;
  return [
    words,
    ...(fieldCode === undefined ? [] : [`=F${fieldCode}`]),
    ...(channel === undefined ? [] : [channelWord(channel)]),
    ...(receivedAt === undefined ? [] : [monthWord(monthOf(receivedAt))]),
  ].join(' ');
}

/** What a list asks for, as far as words can tell. */
export interface WordFilter {
  readonly status?: readonly string[] | undefined;
  readonly agency?: string | undefined;
  readonly service?: string | undefined;
  readonly field?: string | undefined;
  readonly party?: string | undefined;
  readonly channel?: string | undefined;
  readonly receivedFrom?: string | undefined;
  readonly receivedTo?: string | undefined;
}

/**
 * The filter as a PostgreSQL tsquery for these words. It may find too much, and misses nothing.
 * @returns undefined when no word narrows the filter
 */
export function filterWordQuery(filter: WordFilter): string | undefined {
  const { status, agency, service, field, party, channel } = filter;
  const one = (letter: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [quoted(`=${letter}${value}`)];
  const all = [
    ...one('A', agency === undefined ? undefined : (subordinateSuffix(agency) ?? agency)),
    ...one('S', service),
    ...one('F', field),
    ...one('O', party),
    ...(channel === undefined ? [] : [quoted(channelWord(channel))]),
    ...(status === undefined ? [] : [anyOf(status.map((each) => statusWord(each as Status)))]),
    ...monthsIn(filter).map((months) => anyOf(months.map(monthWord))),
  ];
  return all.length === 0 ? undefined : all.join(' & ');
}

const DAY_MS = 86_400_000;
/** With fewer days, a search would look into more periods; with more, a period of a large index has too many dossiers. */
export const PERIOD_DAYS = 10;

/** The number of the period of ten days of a moment. */
function periodOf(ms: number): number {
  return Math.floor(ms / (PERIOD_DAYS * DAY_MS));
}

function anyOf(words: readonly string[]): string {
  return `(${words.map(quoted).join(' | ')})`;
}

/**
 * The agency and those above it: the beginnings of a code of the 2020 era. Of the 2016 era, its ends (see
 * subordinateSuffix).
 */
function agencyWords(code: string): string {
  const isOf2016 = /\.[A-Z]\d\d$/.test(code);
  let words = `=A${code}`;
  for (let at = code.indexOf('.'); at >= 0; at = code.indexOf('.', at + 1)) {
    words += ` =A${code.slice(0, at)}`;
    if (isOf2016) words += ` =A${code.slice(at)}`;
  }
  return words;
}

function statusWord(status: Status): string {
  return `=T${STATUSES.indexOf(status)}`;
}

function channelWord(channel: string): string {
  return `=C${channel.slice(0, 1)}`;
}

function monthWord(month: string): string {
  return `=R${month}`;
}

/** `2508` for a moment in August 2025 in Vietnam. */
function monthOf(instant: string): string {
  const local = instant.endsWith('+07:00') ? instant : msToInstant(instantToMs(instant));
  return `${local.slice(2, 4)}${local.slice(5, 7)}`;
}

const MOST_MONTHS = 36;

/** The months of a period, in a list. An empty list for a period that is open or longer than three years. */
function monthsIn({ receivedFrom, receivedTo }: WordFilter): readonly (readonly string[])[] {
  if (receivedFrom === undefined || receivedTo === undefined || receivedFrom > receivedTo) return [];
  const months: string[] = [];
  const [from, to] = [receivedFrom, receivedTo].map((instant) => msToInstant(instantToMs(instant)).slice(0, 7));
  for (let month = from as string; month <= (to as string); month = monthAfter(month)) {
    if (months.length === MOST_MONTHS) return [];
    months.push(`${month.slice(2, 4)}${month.slice(5, 7)}`);
  }
  return [months];
}

function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}
