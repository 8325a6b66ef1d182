import { instantToMs, msToInstant } from '#core/dates/dates';
import type { Page } from '../kit/adapter.ts';
import type { List } from './settings.ts';

/** Between two runs, and within one; kept by the hub together with each page. */
export interface Checkpoint {
  /** Up to where the last whole run went. */
  readonly until?: string;
  /** What each part said the last time: what says the same again is not kept again. */
  readonly said: readonly string[];
  readonly run?: Run;
  /** How it was read, and from when on: by other settings it is to be read anew. */
  readonly reading?: string;
  readonly startAt?: string;
}

/** A run reads its period page by page, and every page part by part. */
export interface Run {
  readonly since?: string;
  readonly until: string;
  /** It ends before the moment at which it began: the rest is for the run after it. */
  readonly isCut?: boolean;
  readonly page: number;
  readonly cursor?: string;
  /** Parts of this answer that are kept, and which answer that is: another one begins anew. */
  readonly part: number;
  readonly answer?: string;
  /** Which answer the page before was. */
  readonly previous?: string;
  readonly pass: number;
  /** What the parts of this pass say, and how many of them come before this page. */
  readonly saying: readonly string[];
  readonly before: number;
  /** How many records the pages of this pass had that were not all there before. */
  readonly rows: number;
  /** The last of those pages. */
  readonly fresh?: { readonly page: number; readonly records: number };
  /** What the last pages count together that had nothing which earlier ones of this pass had not. */
  readonly idle?: number;
}

/** Twenty pages that are there again: the ministry turns them in a circle. A cursor may pass over many quiet hours. */
const [MOST_IDLE, REPEATED, EMPTY] = [200, 10, 1];
const OVERLAP_S = 600;
/** Pages that change all the time are read no more often in one run; the next run reads the same period again. */
const MOST_PASSES = 5;

export function beginning(
  { period, page }: Partial<Pick<List, 'period' | 'page'>>,
  { until }: Checkpoint,
  nowMs: number,
): Run {
  const start = { page: page?.first ?? 1, part: 0, pass: 1, saying: [], before: 0, rows: 0 };
  if (!period) return { ...start, until: msToInstant(nowMs) };
  const overlapMs = (period.overlapS ?? OVERLAP_S) * 1000;
  const sinceMs = until === undefined ? Date.parse(period.startAt) : instantToMs(until) - overlapMs;
  const longestMs = period.longestH === undefined ? Number.POSITIVE_INFINITY : period.longestH * 3_600_000;
  // Never so short that the overlap keeps it from getting on.
  const endMs = Math.min(nowMs, Math.max(sinceMs, instantToMs(until ?? period.startAt)) + longestMs);
  const end = msToInstant(Math.max(endMs, sinceMs));
  return { ...start, since: msToInstant(sinceMs), until: end, ...(endMs < nowMs && { isCut: true }) };
}

/** How a page ended: what comes after it. */
export interface PageEnd {
  readonly records: number;
  /** The fingerprint of its records. */
  readonly answer: string;
  readonly next?: string;
  readonly total?: number;
}

/** What follows a page whose parts are all kept: the next page, another pass to see that nothing moved, or the end. */
export function after(
  list: List,
  { until, said }: Checkpoint,
  run: Run,
  end: PageEnd,
  nowMs: number,
): Pick<Page, 'more' | 'lacks'> & { readonly checkpoint: Checkpoint } {
  const isOld = isIdle(run);
  const rows = run.rows + (isOld ? 0 : end.records);
  const { answer: _, cursor: __, idle: ___, ...rest } = run;
  const idle = isOld ? (run.idle ?? 0) + (end.records === 0 ? EMPTY : REPEATED) : 0;
  const followed = {
    ...rest,
    part: 0,
    previous: end.answer,
    before: run.saying.length,
    rows,
    ...(!isOld && { fresh: { page: run.page, records: end.records } }),
    ...(idle > 0 && { idle }),
  };
  const isEndless = idle >= MOST_IDLE;
  if (list.page?.next !== undefined && end.next !== undefined && end.next !== run.cursor && !isEndless)
    return going(said, until, { ...followed, page: run.page + 1, cursor: end.next });
  if (list.page && list.page.next === undefined && !isEndless && isMore(end, rows, run))
    return going(said, until, { ...followed, page: run.page + 1 });
  const isWhole = list.page === undefined || list.page.next !== undefined || run.page === (list.page.first ?? 1);
  const isSteady = isWhole || (run.pass > 1 && same(said, run.saying));
  if (!isSteady && run.pass < MOST_PASSES) {
    const again = beginning(list.page ? { page: list.page } : {}, { said }, nowMs);
    const { since, isCut } = run;
    return going(run.saying, until, {
      ...again,
      ...(since && { since }),
      ...(isCut && { isCut }),
      until: run.until,
      pass: run.pass + 1,
    });
  }
  const reached = isSteady ? run.until : until;
  const checkpoint = { ...(reached !== undefined && { until: reached }), said: run.saying };
  const lacks = isSteady ? lackOf(list, followed, end, isEndless) : undefined;
  // Of what a run did not look at it shows nothing: one of all there is, one from the beginning, and one whose pages turn, do.
  const isProof =
    list.period === undefined || until === undefined || (followed.fresh?.page ?? 0) > (list.page?.first ?? 1);
  return {
    checkpoint,
    // A long period is read in several runs, one after the other.
    more: isSteady && run.isCut === true,
    ...(lacks === undefined ? isSteady && isProof && { lacks: false } : { lacks }),
  };
}

/**
 * Why a list that has come to its end may not be whole. Many a ministry gives its last page again to whoever asks for one
 * beyond it: that is none, but where the page is the first one and full, for then it may be that only this is ever given.
 */
function lackOf({ page }: List, { fresh, rows, page: at }: Run, end: PageEnd, isEndless: boolean): string | undefined {
  if (!page) return undefined;
  if (page.next !== undefined) {
    // A short page that leads to itself is the last one, as the only page of a quiet run often does.
    const isIgnored = fresh !== undefined && fresh.records >= page.size && end.records > 0 && fresh.page !== at;
    return end.next !== undefined && (isEndless || isIgnored) ? ENDLESS : undefined;
  }
  if (end.total !== undefined)
    return rows < end.total ? `it says that there are ${end.total} records, and its pages had ${rows}` : undefined;
  if (end.records === 0 || fresh?.records !== page.size) return undefined;
  if (isEndless) return ENDLESS;
  const isFirstAgain = fresh.page === (page.first ?? 1) && at > fresh.page;
  return isFirstAgain
    ? `page ${at} is the first one again, with all the ${page.size} records that were asked for: it may give no others`
    : undefined;
}

const ENDLESS =
  'its pages say again and again what was there before, and come to no end: what is behind may be missing';

function going(
  said: readonly string[],
  until: string | undefined,
  run: Run,
): { readonly checkpoint: Checkpoint; readonly more: true } {
  return { checkpoint: { ...(until !== undefined && { until }), said, run }, more: true };
}

/** Whether earlier pages of this pass have said all that this one says. */
function isIdle({ saying, before }: Run): boolean {
  return saying.slice(before).every((part) => saying.indexOf(part) < before);
}

/** Where the ministry does not say how many there are, the last page is the one with nothing on it. */
function isMore(end: PageEnd, rows: number, { previous }: Run): boolean {
  // One that looks like the page before comes from a server that does not turn pages.
  if (end.records === 0 || end.answer === previous) return false;
  return end.total === undefined || rows < end.total;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}
