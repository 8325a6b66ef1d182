import { instantToMs, msToInstant } from '#core/dates/dates';
import { say, type Words } from '#messages/message';
import type { Page } from '../kit/puller.ts';
import type { List } from './settings.ts';

/** The state of a pull, between and within runs. The hub stores it together with each page. */
export interface Checkpoint {
  /** Where the last complete run ended. */
  readonly until?: string | undefined;
  /** Fingerprints of the last run's parts. An unchanged part is not stored again. */
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

/** A run reads its period page by page, and every page part by part. */
export interface Run {
  readonly since?: string | undefined;
  readonly until: string;
  /** The run ends before the time of its start. The next run reads the rest. */
  readonly isCut?: boolean | undefined;
  readonly page: number;
  readonly cursor?: string | undefined;
  /** When its first page was asked for, in milliseconds. Absent in runs of an older version. */
  readonly begunMs?: number | undefined;
  /** The number of stored parts, and the fingerprint of their answer. A changed answer starts at part 0. */
  readonly part: number;
  readonly answer?: string | undefined;
  /** The fingerprint of the previous page's answer. */
  readonly previous?: string | undefined;
  readonly pass: number;
  /** The fingerprints of this pass's parts, and how many of them belong to earlier pages. */
  readonly saying: readonly string[];
  readonly before: number;
  /** The number of records in this pass, without pages that only repeat earlier ones. */
  readonly rows: number;
  /** The last page with anything new. */
  readonly fresh?: { readonly page: number; readonly records: number } | undefined;
  /** The idle score: how many of the latest pages brought nothing new to this pass. */
  readonly idle?: number | undefined;
}

/**
 * Twenty repeated pages reach the limit: the ministry returns its pages in a circle. Empty pages count less, because a
 * cursor may pass many quiet hours.
 */
const [MOST_IDLE, REPEATED, EMPTY] = [200, 10, 1];
const OVERLAP_S = 600;
/** The most passes of one run for a list that keeps changing. The next run reads the same period again. */
const MOST_PASSES = 5;

/** The first page of a run. The run reads everything new, up to now or to the longest allowed period. */
export function beginRun({ period, page }: List, { until }: Checkpoint, nowMs: number): Run {
  if (!period) return { ...firstPage(page), until: msToInstant(nowMs), begunMs: nowMs };
  const overlapMs = (period.overlapS ?? OVERLAP_S) * 1000;
  const sinceMs = until === undefined ? Date.parse(period.startAt) : instantToMs(until) - overlapMs;
  const longestMs = period.longestH === undefined ? Number.POSITIVE_INFINITY : period.longestH * 3_600_000;
  // The longest length counts from the last end, so an overlap cannot stop progress.
  const endMs = Math.min(nowMs, Math.max(sinceMs, instantToMs(until ?? period.startAt)) + longestMs);
  const end = msToInstant(Math.max(endMs, sinceMs));
  const isCut = endMs < nowMs ? true : undefined;
  return { ...firstPage(page), since: msToInstant(sinceMs), until: end, isCut, begunMs: nowMs };
}

/** Cursors of many systems end after some minutes. */
const CURSOR_MS = 600_000;

/** The same run from its first page, if the ministry may have forgotten its cursor. */
export function beginAgain({ page }: List, run: Run, nowMs: number): Run | undefined {
  const { cursor, since, until, isCut, begunMs = 0 } = run;
  if (cursor === undefined || nowMs - begunMs < CURSOR_MS) return undefined;
  return { ...firstPage(page), since, until, isCut, begunMs: nowMs };
}

function firstPage(page: List['page']) {
  return { page: page?.first ?? 1, part: 0, pass: 1, saying: [], before: 0, rows: 0 } satisfies Omit<Run, 'until'>;
}

/** The end of a page, which decides the next step. */
export interface PageEnd {
  readonly records: number;
  /** The fingerprint of its records. */
  readonly answer: string;
  readonly next: string | undefined;
  readonly total: number | undefined;
}

/** The step after a page whose parts are all stored. */
type Next =
  | { readonly kind: 'next-page'; readonly cursor: string | undefined }
  /** Reads the whole list again, because records may have moved between pages. */
  | { readonly kind: 'next-pass' }
  /** `isSteady`: two passes agreed, or one was enough. Otherwise the next run reads the same period again. */
  | { readonly kind: 'end'; readonly isSteady: boolean };

type Followed = Pick<Page, 'more' | 'lacks'> & { readonly checkpoint: Checkpoint };

/** The checkpoint after a page whose parts are all stored, and whether the next page follows at once. */
export function afterPage(list: List, known: Checkpoint, run: Run, end: PageEnd): Followed {
  const counted = withPage(run, end);
  const next = nextAfter(list, known, counted, run, end);
  const { until, said } = known;
  switch (next.kind) {
    case 'next-page':
      return {
        checkpoint: { until, said, run: { ...counted, page: run.page + 1, cursor: next.cursor } },
        more: true,
      };
    case 'next-pass': {
      const { since, until: to, isCut, pass } = run;
      const again = { ...firstPage(list.page), since, until: to, isCut, pass: pass + 1 };
      return { checkpoint: { until, said: run.saying, run: again }, more: true };
    }
    case 'end':
      return next.isSteady
        ? steadyEnd(list, known, counted, end)
        : { checkpoint: { until, said: run.saying }, more: false };
  }
}

/** Adds a page to the counts of the run. */
function withPage(run: Run, { records, answer }: PageEnd): Run {
  const isOld = isIdle(run);
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

function nextAfter({ page }: List, { said }: Checkpoint, counted: Run, run: Run, end: PageEnd): Next {
  if (page && !isEndless(counted)) {
    if (page.next === undefined && isMore(end, counted.rows, run)) return { kind: 'next-page', cursor: undefined };
    if (page.next !== undefined && end.next !== undefined && end.next !== run.cursor)
      return { kind: 'next-page', cursor: end.next };
  }
  // Numbered pages may shift during the run. A single page or a cursor does not.
  const isWhole = page === undefined || page.next !== undefined || run.page === (page.first ?? 1);
  const isSteady = isWhole || (run.pass > 1 && same(said, run.saying));
  return isSteady || run.pass >= MOST_PASSES ? { kind: 'end', isSteady } : { kind: 'next-pass' };
}

/** The end of a fully read period. A long period takes several runs. */
function steadyEnd(list: List, { until }: Checkpoint, counted: Run, end: PageEnd): Followed {
  // Three kinds of runs prove that paging works: one without a period, the first one, and one that saw new records on a
  // later page. Other runs prove nothing about it.
  const isProof =
    list.period === undefined || until === undefined || (counted.fresh?.page ?? 0) > (list.page?.first ?? 1);
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
  const isFirstAgain = fresh.page === (page.first ?? 1) && at > fresh.page;
  return isFirstAgain ? say('first-page-again', { page: at, count: page.size }) : undefined;
}

const ENDLESS = say('pages-repeat');

/** Whether earlier pages of this pass had everything on this page. */
function isIdle({ saying, before }: Run): boolean {
  return saying.slice(before).every((part) => saying.indexOf(part) < before);
}

/** Whether more pages follow. Without a total, the last page is the empty one. */
function isMore(end: PageEnd, rows: number, { previous }: Run): boolean {
  // A page equal to the previous one comes from a server that ignores page numbers.
  if (end.records === 0 || end.answer === previous) return false;
  return end.total === undefined || rows < end.total;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}
