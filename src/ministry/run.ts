import { instantToMs, msToInstant } from '#core/dates/dates';
import type { Page } from '../kit/puller.ts';
import type { List } from './settings.ts';

/** Between two runs, and within one; kept by the hub together with each page. */
export interface Checkpoint {
  /** Up to where the last whole run went. */
  readonly until?: string | undefined;
  /** What each part said the last time: what says the same again is not kept again. */
  readonly said: readonly string[];
  readonly run?: Run | undefined;
  /** How it was read, and from when on: by other settings it is to be read anew. */
  readonly reading?: string | undefined;
  readonly startAt?: string | undefined;
}

/** A run reads its period page by page, and every page part by part. */
export interface Run {
  readonly since?: string | undefined;
  readonly until: string;
  /** It ends before the moment at which it began: the rest is for the run after it. */
  readonly isCut?: boolean | undefined;
  readonly page: number;
  readonly cursor?: string | undefined;
  /** Parts of this answer that are kept, and which answer that is: another one begins anew. */
  readonly part: number;
  readonly answer?: string | undefined;
  /** Which answer the page before was. */
  readonly previous?: string | undefined;
  readonly pass: number;
  /** What the parts of this pass say, and how many of them come before this page. */
  readonly saying: readonly string[];
  readonly before: number;
  /** How many records the pages of this pass had that were not all there before. */
  readonly rows: number;
  /** The last of those pages. */
  readonly fresh?: { readonly page: number; readonly records: number } | undefined;
  /** What the last pages count together that had nothing which earlier ones of this pass had not. */
  readonly idle?: number | undefined;
}

/** Twenty pages that are there again: the ministry turns them in a circle. A cursor may pass over many quiet hours. */
const [MOST_IDLE, REPEATED, EMPTY] = [200, 10, 1];
const OVERLAP_S = 600;
/** Pages that change all the time are read no more often in one run; the next run reads the same period again. */
const MOST_PASSES = 5;

/** The first page of a run that reads all that is new, up to now or to the longest period that is asked for at once. */
export function beginRun({ period, page }: List, { until }: Checkpoint, nowMs: number): Run {
  if (!period) return { ...firstPage(page), until: msToInstant(nowMs) };
  const overlapMs = (period.overlapS ?? OVERLAP_S) * 1000;
  const sinceMs = until === undefined ? Date.parse(period.startAt) : instantToMs(until) - overlapMs;
  const longestMs = period.longestH === undefined ? Number.POSITIVE_INFINITY : period.longestH * 3_600_000;
  // Never so short that the overlap keeps it from getting on.
  const endMs = Math.min(nowMs, Math.max(sinceMs, instantToMs(until ?? period.startAt)) + longestMs);
  const end = msToInstant(Math.max(endMs, sinceMs));
  return { ...firstPage(page), since: msToInstant(sinceMs), until: end, isCut: endMs < nowMs ? true : undefined };
}

function firstPage(page: List['page']) {
  return { page: page?.first ?? 1, part: 0, pass: 1, saying: [], before: 0, rows: 0 } satisfies Omit<Run, 'until'>;
}

/** How a page ended: what comes after it. */
export interface PageEnd {
  readonly records: number;
  /** The fingerprint of its records. */
  readonly answer: string;
  readonly next: string | undefined;
  readonly total: number | undefined;
}

/** What follows a page whose parts are all stored. */
type Next =
  | { readonly kind: 'next-page'; readonly cursor: string | undefined }
  /** The whole list once more: records may have moved between its pages meanwhile. */
  | { readonly kind: 'next-pass' }
  /** `isSteady`: two passes said the same, or one was enough. Otherwise the next run reads the same period again. */
  | { readonly kind: 'end'; readonly isSteady: boolean };

type Followed = Pick<Page, 'more' | 'lacks'> & { readonly checkpoint: Checkpoint };

/** The checkpoint after a page whose parts are all stored, and whether to ask again at once. */
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

/** The run with what the page adds to its counts. */
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
  // Pages that are numbered may shift while they are read; one page alone and a cursor do not.
  const isWhole = page === undefined || page.next !== undefined || run.page === (page.first ?? 1);
  const isSteady = isWhole || (run.pass > 1 && same(said, run.saying));
  return isSteady || run.pass >= MOST_PASSES ? { kind: 'end', isSteady } : { kind: 'next-pass' };
}

/** The whole period is read. A long one is read in several runs, one after the other. */
function steadyEnd(list: List, { until }: Checkpoint, counted: Run, end: PageEnd): Followed {
  // A run proves nothing of what it did not look at: one of all records, one from the beginning, and one whose pages
  // turn do.
  const isProof =
    list.period === undefined || until === undefined || (counted.fresh?.page ?? 0) > (list.page?.first ?? 1);
  return {
    checkpoint: { until: counted.until, said: counted.saying },
    more: counted.isCut === true,
    lacks: lackOf(list, counted, end) ?? (isProof ? false : undefined),
  };
}

/** The ministry has given nothing new for so long that its pages turn in a circle. */
function isEndless({ idle = 0 }: Run): boolean {
  return idle >= MOST_IDLE;
}

/**
 * Why a list that has come to its end may not be whole. Many a ministry gives its last page again to whoever asks for one
 * beyond it: that is none, but where the page is the first one and full, for then it may be that only this is ever given.
 */
function lackOf({ page }: List, run: Run, end: PageEnd): string | undefined {
  if (!page) return undefined;
  const { fresh, rows, page: at } = run;
  if (page.next !== undefined) {
    // A short page that leads to itself is the last one, as the only page of a quiet run often does.
    const isIgnored = fresh !== undefined && fresh.records >= page.size && end.records > 0 && fresh.page !== at;
    return end.next !== undefined && (isEndless(run) || isIgnored) ? ENDLESS : undefined;
  }
  if (end.total !== undefined)
    return rows < end.total ? `it says that there are ${end.total} records, and its pages had ${rows}` : undefined;
  if (end.records === 0 || fresh?.records !== page.size) return undefined;
  if (isEndless(run)) return ENDLESS;
  const isFirstAgain = fresh.page === (page.first ?? 1) && at > fresh.page;
  return isFirstAgain
    ? `page ${at} is the first one again, with all the ${page.size} records that were asked for: it may give no others`
    : undefined;
}

const ENDLESS =
  'its pages say again and again what was there before, and come to no end: what is behind may be missing';

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
