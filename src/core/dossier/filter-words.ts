import { STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import { DAY_MS, instantToMs, msToInstant, VIETNAM_MS } from '../dates/dates.ts';
import { subordinateSuffix } from '../identifiers/identifiers.ts';
import { quoted } from '../vietnamese/search-words.ts';
import { isFinished } from './status.ts';

/**
 * The words by which the search index finds a dossier by a filter, beside the words of its name and codes. So one index
 * intersects all of them. Each begins with `=` and a capital letter, which no word of a name or code does.
 */
export interface FilterMembers {
  readonly owner: string;
  readonly status: Status;
  readonly agencyCode: string;
  /** The short form of the procedure code. */
  readonly serviceKey: string;
  readonly fieldCode?: string | undefined;
  readonly channel?: string | undefined;
  readonly receivedAt?: string | undefined;
}

/** Joined by blanks. */
export function filterWords(dossier: FilterMembers): string {
  const { owner, status, agencyCode, serviceKey, fieldCode, channel, receivedAt } = dossier;
  const words = `${agencyWords(agencyCode)} =S${serviceKey} ${statusWord(status)} =O${owner}`;
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

/** By which words a period of reception is sought. */
export type Reception = 'months' | 'days';

/**
 * The filter as PostgreSQL tsqueries for these words, which must all match. They may find too much, and miss nothing. Rows
 * have words of the month of reception; the index has also words of ten days, for periods that begin or end within a month.
 */
export function filterQueries(filter: WordFilter, reception: Reception): FilterQueries {
  const { status, agency, service, field, party, channel } = filter;
  const one = (letter: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [quoted(`=${letter}${value}`)];
  const statuses = status === undefined ? [] : [anyOf(status.map((each) => statusWord(each as Status)))];
  // Of the dossiers of some years, few are open.
  const areOpen = status?.every((each) => !isFinished(each as Status)) ?? false;
  const months = monthsIn(filter).map((all) => (reception === 'days' ? byDays(all, filter) : all.map(monthWord)));
  return {
    rare: [
      ...one('S', service),
      ...one('A', agency === undefined ? undefined : (subordinateSuffix(agency) ?? agency)),
      ...(areOpen ? statuses : []),
    ],
    common: [
      ...one('F', field),
      ...months.map(anyOf),
      ...(channel === undefined ? [] : [quoted(channelWord(channel))]),
      ...(areOpen ? [] : statuses),
      ...one('O', party),
    ],
  };
}

/** Those of words that few dossiers have, and the others. In each, mostly the rarest first. */
export interface FilterQueries {
  readonly rare: readonly string[];
  readonly common: readonly string[];
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

/** `=R2508` for August 2025, whatever the century. */
function monthWord(month: string): string {
  return `=R${month.slice(2, 4)}${month.slice(5, 7)}`;
}

/** `2025-08` for a moment in August 2025 in Vietnam. */
function monthOf(instant: string): string {
  const local = instant.endsWith('+07:00') ? instant : msToInstant(instantToMs(instant));
  return local.slice(0, 7);
}

const MOST_MONTHS = 36;

/** Whether a filter has a period of reception that words can tell. */
export function hasPeriod(filter: WordFilter): boolean {
  return monthsIn(filter).length > 0;
}

/** The months of a period, in a list. An empty list for a period that is open or longer than three years. */
function monthsIn({ receivedFrom, receivedTo }: WordFilter): readonly (readonly string[])[] {
  if (receivedFrom === undefined || receivedTo === undefined || receivedFrom > receivedTo) return [];
  const months: string[] = [];
  for (let month = monthOf(receivedFrom); month <= monthOf(receivedTo); month = monthAfter(month)) {
    if (months.length === MOST_MONTHS) return [];
    months.push(month);
  }
  return [months];
}

function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}

/** Of a word of reception. Days would be up to sixty words of one period, and each is tried for each row. */
export const RECEPTION_DAYS = 10;

/** The words of the months that are whole, and of ten days each of the others. The index divides days in the same way, also before 1970. */
function byDays(months: readonly string[], { receivedFrom = '', receivedTo = '' }: WordFilter): readonly string[] {
  const [from, to] = [dayOf(receivedFrom), dayOf(receivedTo)];
  return months.flatMap((month) => {
    const [first, next] = [month, monthAfter(month)].map((one) => Date.parse(`${one}-01`) / DAY_MS) as [number, number];
    const last = next - 1;
    if (from <= first && last <= to) return [monthWord(month)];
    const [begin, end] = [Math.max(from, first), Math.min(to, last)].map((day) => Math.trunc(day / RECEPTION_DAYS));
    return Array.from({ length: (end as number) - (begin as number) + 1 }, (_, at) => `=E${(begin as number) + at}`);
  });
}

/** The number of the day in Vietnam of an instant, as the expression of the index has it. */
function dayOf(instant: string): number {
  return Math.floor((instantToMs(instant) + VIETNAM_MS) / DAY_MS);
}
