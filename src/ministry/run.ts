import { DAY_MS, instantToMs, msToInstant } from '#core/dates/dates';
import { say, type Words } from '#messages/message';
import type { Page } from '../kit/puller.ts';
import type { List } from './settings.ts';

/**
 * The state of a pull, between and within runs. The hub stores it together with each part.
 *
 * A run reads one period of a list. A pass of it reads all pages, and the hub stores a page in parts of some records. A list with
 * numbered pages is read again until two passes say the same, because records may move between the pages meanwhile:
 *
 *     run ┬ pass 1 ┬ page 1: part 0, part 1     saying: [a, b]       before page 2: 2
 *         │        └ page 2: part 0             saying: [a, b, c]
 *         └ pass 2 … with said: [a, b, c], so that unchanged parts are not stored again
 */
export interface Checkpoint {
  /** Where the last complete run ended. */
  readonly until?: string | undefined;
  /** The fingerprints of all parts of the last pass, or of the last run. */
  readonly said: readonly string[];
  readonly run?: Run | undefined;
  /** Records whose detail is still to come. Empty if the last of them came during this run. */
  readonly later?: readonly Later[] | undefined;
  /** A fingerprint of the settings, and the start of the period. If they change, everything is read again. */
  readonly reading?: string | undefined;
  readonly startAt?: string | undefined;
}

/** A record of a list whose detail failed, unchanged, and since when. */
export interface Later {
  readonly text: string;
  readonly sinceMs: number;
}

export interface Run {
  readonly since?: string | undefined;
  readonly until: string;
  /** The run ends before the time of its start. The next run reads the rest. */
  readonly isCut?: boolean | undefined;
  /** When its first page was asked for, in milliseconds. Absent in runs of an older version. */
  readonly begunMs?: number | undefined;
  readonly pass: number;
  readonly page: number;
  readonly cursor?: string | undefined;
  /** How many parts of the page are stored, and the fingerprint of its answer. A changed answer starts at part 0. */
  readonly part: number;
  readonly answer?: string | undefined;
  /** The fingerprint of the previous page's answer. */
  readonly previous?: string | undefined;
  /** The fingerprints of this pass's parts, and how many of them belong to earlier pages. */
  readonly saying: readonly string[];
  readonly before: number;
  /** The number of records in this pass, without pages that only repeat earlier ones. */
  readonly rows: number;
  /** The last page that did not only repeat earlier ones. */
  readonly fresh?: { readonly page: number; readonly records: number } | undefined;
  /** A score of the pages since then, up to MOST_IDLE. */
  readonly idle?: number | undefined;
}

/**
 * Twenty repeated pages reach the limit: the ministry returns its pages in a circle. Empty pages count less, because a
 * cursor may pass many quiet hours.
 */
const [MOST_IDLE, REPEATED, EMPTY] = [200, 10, 1];
const OVERLAP_S = 600;
/** How far a run goes back after the hub's clock was set back: the time for which the hub may have been off meanwhile. */
const READ_AGAIN_MS = 7 * DAY_MS;
/** Clocks are corrected by so little all the time. */
const JITTER_MS = 60_000;
/** The most passes of one run for a list that keeps changing. The next run reads the same period again. */
const MOST_PASSES = 5;

/** The first page of a run. The run reads everything new, up to now or to the longest allowed period. */
export function beginRun({ period, page }: List, { until }: Checkpoint, nowMs: number): Run {
  if (!period) return { ...firstPage(page), until: msToInstant(nowMs), begunMs: nowMs };
  const startMs = Date.parse(period.startAt);
  const readMs = until === undefined ? startMs : readUntilMs(instantToMs(until), startMs, nowMs);
  const sinceMs = until === undefined ? startMs : readMs - (period.overlapS ?? OVERLAP_S) * 1000;
  const longestMs = period.longestH === undefined ? Number.POSITIVE_INFINITY : period.longestH * 3_600_000;
  // The longest length counts from the last end, so an overlap cannot stop progress.
  const endMs = Math.min(nowMs, Math.max(sinceMs, readMs) + longestMs);
  const end = msToInstant(Math.max(endMs, sinceMs));
  const isCut = endMs < nowMs ? true : undefined;
  return { ...firstPage(page), since: msToInstant(sinceMs), until: end, isCut, begunMs: nowMs };
}

/**
 * Up to when everything is read. A last run that ended in the future had a clock that was set back since: what the ministry
 * recorded after the real time of that run is still to be read.
 */
function readUntilMs(untilMs: number, startMs: number, nowMs: number): number {
  return untilMs - nowMs < JITTER_MS ? untilMs : Math.max(startMs, nowMs - READ_AGAIN_MS);
}

/** Cursors of many systems end after some minutes. */
const CURSOR_MS = 600_000;

/** The same run from its first page, if the ministry may have forgotten its cursor. */
export function beginAgain({ page }: List, run: Run, nowMs: number): Run | undefined {
  const { cursor, since, until, isCut, begunMs = 0 } = run;
  if (cursor === undefined || Math.abs(nowMs - begunMs) < CURSOR_MS) return undefined;
  return { ...firstPage(page), since, until, isCut, begunMs: nowMs };
}

function firstPage(page: List['page']) {
  return { page: firstOf(page), part: 0, pass: 1, saying: [], before: 0, rows: 0 } satisfies Omit<Run, 'until'>;
}

function firstOf(page: List['page']): number {
  return page?.first ?? 1;
}

/** The end of a page, which decides the next step. */
export interface PageEnd {
  readonly records: number;
  /** The fingerprint of its records. */
  readonly answer: string;
  readonly next: string | undefined;
  readonly total: number | undefined;
}

type Followed = Pick<Page, 'more' | 'lacks'> & { readonly checkpoint: Checkpoint };

/** The checkpoint after a page whose parts are all stored, and whether the next page follows at once. */
export function afterPage(list: List, known: Checkpoint, run: Run, end: PageEnd): Followed {
  const counted = withPage(run, end);
  const { until, said } = known;
  if (hasNextPage(list, counted, run, end))
    return { checkpoint: { until, said, run: { ...counted, page: run.page + 1, cursor: end.next } }, more: true };
  if (isSteady(list, known, run)) return steadyEnd(list, known, counted, end);
  const { since, until: to, isCut, pass } = run;
  const again = pass < MOST_PASSES ? { ...firstPage(list.page), since, until: to, isCut, pass: pass + 1 } : undefined;
  return { checkpoint: { until, said: run.saying, run: again }, more: again !== undefined };
}

/** Adds a page to the counts of the run. */
function withPage(run: Run, { records, answer }: PageEnd): Run {
  const isOld = hasNothingNew(run);
  return {
    ...run,
    part: 0,
    answer: undefined,
    cursor: undefined,
    previous: answer,
    before: run.saying.length,
    rows: run.rows + (isOld ? 0 : records),
    fresh: isOld ? run.fresh : { page: run.page, records },
    idle: isOld ? (run.idle ?? 0) + (records === 0 ? EMPTY : REPEATED) : undefined,
  };
}

function hasNextPage({ page }: List, counted: Run, run: Run, end: PageEnd): boolean {
  if (!page || isEndless(counted)) return false;
  if (page.next !== undefined) return end.next !== undefined && end.next !== run.cursor;
  // A page equal to the previous one comes from a server that ignores page numbers.
  if (end.records === 0 || end.answer === run.previous) return false;
  // Without a total, the last page is the empty one.
  return end.total === undefined || counted.rows < end.total;
}

/** Whether no record can have moved past the pass: it had a cursor or a single page, or said the same as the one before. */
function isSteady({ page }: List, { said }: Checkpoint, run: Run): boolean {
  return page?.next !== undefined || run.page === firstOf(page) || (run.pass > 1 && same(said, run.saying));
}

/** The end of a run whose period is fully read. A long period takes several runs. */
function steadyEnd(list: List, { until }: Checkpoint, counted: Run, end: PageEnd): Followed {
  // Three kinds of runs prove that paging works: one without a period, the first one, and one that saw new records on a
  // later page. Other runs prove nothing about it.
  const isProof = list.period === undefined || until === undefined || (counted.fresh?.page ?? 0) > firstOf(list.page);
  return {
    checkpoint: { until: counted.until, said: counted.saying },
    more: counted.isCut === true,
    lacks: lackOf(list, counted, end) ?? (isProof ? false : undefined),
  };
}

/** The ministry has returned nothing new for so long that its pages must form a circle. */
function isEndless({ idle = 0 }: Run): boolean {
  return idle >= MOST_IDLE;
}

/**
 * Why a list that seems to end may be incomplete. Many ministries repeat their last page for every number beyond it.
 * That is fine unless the repeated page is the first one and full: then the server may ignore page numbers.
 */
function lackOf({ page }: List, run: Run, end: PageEnd): Words | undefined {
  if (!page) return undefined;
  const { fresh, rows, page: at } = run;
  if (page.next !== undefined) {
    // A short page that links to itself is the last one, often the only page of a quiet run.
    const isIgnored = fresh !== undefined && fresh.records >= page.size && end.records > 0 && fresh.page !== at;
    return end.next !== undefined && (isEndless(run) || isIgnored) ? ENDLESS : undefined;
  }
  if (end.total !== undefined)
    return rows < end.total ? say('records-missing', { total: end.total, count: rows }) : undefined;
  if (end.records === 0 || fresh?.records !== page.size) return undefined;
  if (isEndless(run)) return ENDLESS;
  const isFirstAgain = fresh.page === firstOf(page) && at > fresh.page;
  return isFirstAgain ? say('first-page-again', { page: at, count: page.size }) : undefined;
}

const ENDLESS = say('pages-repeat');

/** Whether earlier pages of this pass had everything on this page. */
function hasNothingNew({ saying, before }: Run): boolean {
  return saying.slice(before).every((part) => saying.indexOf(part) < before);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}
