import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import { instantToMs, msToInstant } from '../dates/dates.ts';
import type { WorkingTime } from '../dates/working-time.ts';
import type { DossierEvent } from '../dossier/event.ts';
import { inEventOrder } from '../dossier/event-order.ts';
import { step } from '../dossier/fold.ts';
import type { DossierView } from '../dossier/state.ts';
import { isFinished } from '../dossier/status.ts';

/**
 * The ways in which dossiers are counted. Each is in use, and they give different numbers, so a number always says by
 * which it came about (domain 8.1).
 *
 * - `766`: the index by which provinces are ranked (QĐ 766/QĐ-TTg, 2022).
 * - `opencps`: the statistics of OpenCPS v2.
 * - `td`: the daily statistics, and the print of form II.06a, of the one-stop system of Thanh Hóa and Điện Biên.
 */
export const RULES = ['766', 'opencps', 'td'] as const;
export type Rule = (typeof RULES)[number];

/** What the lines of a statistic stand for. */
export const GROUPS = ['agency', 'field', 'service', 'month', 'channel'] as const;
export type Group = (typeof GROUPS)[number];

/** The numbers of a line, as `received.online`; what is resolved or pending in all as `resolved`, `pending`. */
export const COLUMNS = [
  'received',
  'received.online',
  'received.direct',
  'received.carriedOver',
  'resolved',
  'resolved.early',
  'resolved.onTime',
  'resolved.late',
  'pending',
  'pending.withinTerm',
  'pending.late',
] as const;
export type Column = (typeof COLUMNS)[number];

export type Grade = 'early' | 'on-time' | 'late';

/** A dossier as one rule counts it. All times are instants. */
export interface Counted {
  readonly beganAt: string;
  /** When it was resolved, as the rule has it; absent while it is pending. */
  readonly endedAt?: string;
  /** How it was resolved; present with `endedAt`. */
  readonly grade?: Grade;
  /**
   * Pending, it is late after this moment; absent where it cannot become late. Of what has ended too: a period that was over
   * by then is counted as it was at its end.
   */
  readonly lateAfter?: string;
}

/** What is known of the course of a dossier; the dates are those that the source tells. */
export type DossierTimes = Pick<
  Dossier,
  'status' | 'statusAt' | 'submittedAt' | 'receivedAt' | 'dueAt' | 'finishedAt' | 'returnedAt' | 'refusedAt'
> & {
  readonly supplements?: readonly SupplementTimes[];
  /** The statuses that it went through, in order; see courseOf. Empty where nothing is known but the status it has. */
  readonly course: readonly Move[];
  /** By when it is due by the longest term of its service, from its reception, where the source gives no date. */
  readonly dueByTerm?: (receivedAt: string) => string | undefined;
};
type SupplementTimes = Pick<
  NonNullable<Dossier['supplements']>[number],
  'requestedAt' | 'receivedAt' | 'previousDueAt' | 'newDueAt'
>;

export interface Move {
  readonly status: Status;
  readonly at: string;
}

/** How a rule counts this dossier; undefined where the rule leaves it out. */
export function countedBy(rule: Rule, times: DossierTimes): Counted | undefined {
  const counted = BY_RULE[rule](times);
  if (!counted?.endedAt || counted.endedAt >= counted.beganAt) return counted;
  // A source that has it end before it began: it ended at once.
  return { ...counted, endedAt: counted.beganAt };
}

/**
 * The statuses that a dossier went through, by the rules by which the index moves its status. A status whose time was
 * derived yields to the real time of the same status: both tell of the same move, and one of it too early.
 *
 * @param events in the order of recording; where the first ones are not kept any more it begins with what is
 */
export function courseOf(events: readonly Omit<DossierEvent, 'record'>[]): readonly Move[] {
  const moves: Move[] = [];
  let view: DossierView | undefined;
  const sorted = [...events].sort(inEventOrder);
  const first = events[0]?.seq === 1 ? sorted.findIndex(({ kind }) => kind === 'dossier') : 0;
  if (first === -1) return moves;
  const yields = yieldingIn(events);
  for (const [at, event] of sorted.entries()) {
    // A real step of the moment of a derived beginning stands before it.
    const isBefore = at < first && !(sorted[first]?.inferred && event.at === sorted[first]?.at);
    if (isBefore || yields(event)) continue;
    // What the record says besides does not matter here, only that there is one: a dossier begins with it.
    const begins = event.kind === 'dossier' || !view;
    const next = step(view, begins ? { ...event, record: NO_RECORD } : event);
    if (next.view && (!view || next.moved)) moves.push({ status: next.view.status, at: next.view.statusAt });
    view = next.view;
  }
  return moves;
}

type CourseEvent = Pick<DossierEvent, 'status' | 'at' | 'inferred'>;

function yieldingIn(events: readonly CourseEvent[]): (event: CourseEvent) => boolean {
  const lastReal = new Map<Status, string>();
  for (const { status, at, inferred } of events)
    if (!inferred && at > (lastReal.get(status) ?? '')) lastReal.set(status, at);
  return ({ status, at, inferred }) => inferred && at <= (lastReal.get(status) ?? '');
}

const NO_RECORD = {} as Dossier;

/**
 * By when a dossier is due by the longest term that the catalogue gives for its service with certainty. An hour is one
 * of working time, a day one of the calendar, and what would be due on a day off is due on the next day that is worked
 * (domain 8.2). Undefined where no term is certain.
 */
export function dueByTerm({ channels = [] }: Pick<Service, 'channels'>, receivedAt: string, working: WorkingTime) {
  const dues = channels.flatMap(({ terms = [] }) =>
    terms.flatMap(({ amount, unit }) => dueAfter(receivedAt, amount, unit, working) ?? []),
  );
  return dues.length > 0 ? dues.reduce((latest, one) => (one > latest ? one : latest)) : undefined;
}

const DAY_MS = 86_400_000;
/** No service takes longer: what says so was read wrongly. */
const MOST_DAYS = 3_650;

function dueAfter(
  receivedAt: string,
  amount: number | undefined,
  unit: string | undefined,
  working: WorkingTime,
): string | undefined {
  const days = { 'working-day': 1, day: 1, hour: 1 / 8, month: 30 }[unit ?? ''];
  if (amount === undefined || days === undefined || amount * days > MOST_DAYS) return undefined;
  const fromMs = instantToMs(receivedAt);
  const workingMs = { 'working-day': working.dayMs, hour: 3_600_000 }[unit ?? ''];
  try {
    return writable(
      workingMs === undefined
        ? working.onWorkday(fromMs + amount * days * DAY_MS)
        : working.after(fromMs, amount * workingMs),
    );
  } catch (error) {
    // Offices that hardly work do not come to its end: then nothing is known of it.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The last moment that can be written stands for all after it: sources give years that nobody lives to see. */
const writable = (ms: number): string => msToInstant(Math.min(ms, LATEST_MS));
const LATEST_MS = Date.UTC(2200, 11, 31);

const BY_RULE: Readonly<Record<Rule, (times: DossierTimes) => Counted | undefined>> = {
  /**
   * Refused ones count; withdrawn ones where they had been received. Times are compared in full. The wait for a
   * supplement is taken off, one that is still awaited ends the measure at its request, and more than one request is
   * late. Without a date the longest term of the service holds. Early is on an earlier day: the rule itself knows on
   * time and late alone.
   */
  '766': (times) => {
    const { status, course, supplements = [] } = times;
    const received = receptionOf(times);
    if (status === 'withdrawn' && received === undefined) return undefined;
    const beganAt =
      received ?? (status === 'refused' ? (times.submittedAt ?? course[0]?.at ?? times.statusAt) : undefined);
    if (beganAt === undefined) return undefined;
    const waits = waitsOf(times);
    const dueAt =
      supplements.find((one) => one.previousDueAt)?.previousDueAt ?? times.dueAt ?? times.dueByTerm?.(beganAt);
    const began = { beganAt, ...lateAfter(lateByIndex(waits, beganAt, dueAt)) };
    if (!isFinished(status)) return began;
    const endedAt = endOf(times);
    if (waits.length > 1) return { ...began, endedAt, grade: 'late' };
    const measuredAt = msToInstant(instantToMs(endedAt) - waitedMs(waits, beganAt, endedAt));
    return { ...began, endedAt, grade: byDay(measuredAt, dueAt, dueAt !== undefined && measuredAt > dueAt) };
  },

  /**
   * Refused ones are left out, and what is not received yet. Late is what was resolved after its date; early is what was
   * also handed over before it, or resolved before a date that was put off. Without a date it is on time.
   */
  opencps: (times) => {
    const { status, dueAt, returnedAt, supplements = [] } = times;
    const beganAt = receptionOf(times);
    if (status === 'refused' || beganAt === undefined) return undefined;
    const began = { beganAt, ...lateAfter(dueAt) };
    if (!isFinished(status)) return began;
    const endedAt = endOf(times);
    if (dueAt === undefined) return { ...began, endedAt, grade: 'on-time' };
    const closedAt = status === 'resolved' ? undefined : (returnedAt ?? lastOf(times, 'returned') ?? endedAt);
    const wasPutOff = supplements.some((one) => one.newDueAt);
    const isEarly = (closedAt !== undefined && closedAt < dueAt) || (wasPutOff && endedAt < dueAt);
    return { ...began, endedAt, grade: endedAt > dueAt ? 'late' : isEarly ? 'early' : 'on-time' };
  },

  /**
   * Statuses 1 and 3 of the national table are left out; days are compared, not times. Resolved by its date or not are
   * those that have a result; what was withdrawn or stopped, and what waits for a supplement, stands in the column of
   * those on time.
   */
  td: (times) => {
    const { status, dueAt } = times;
    const beganAt = receptionOf(times);
    if (status === 'submitted' || status === 'refused' || beganAt === undefined) return undefined;
    const awaited = waitsOf(times).find(({ to }) => to === undefined);
    const began = { beganAt, ...lateAfter(dueAt && endOfDay(dueAt)) };
    if (awaited) return { ...began, endedAt: awaited.from, grade: 'on-time' };
    if (!isFinished(status)) return began;
    const endedAt = endOf(times);
    const hasResult = status === 'resolved' || status === 'returned';
    if (!hasResult || dueAt === undefined) return { ...began, endedAt, grade: 'on-time' };
    return { ...began, endedAt, grade: byDay(endedAt, dueAt, endedAt.slice(0, 10) > dueAt.slice(0, 10)) };
  },
};

const lateAfter = (at: string | undefined): Pick<Counted, 'lateAfter'> => (at === undefined ? {} : { lateAfter: at });

/** By the index: after its date, put off by the wait, and from the second request on. One that is awaited since before its date is not. */
function lateByIndex(waits: readonly Wait[], beganAt: string, dueAt: string | undefined): string | undefined {
  const isAwaitedInTime = waits.some(({ from, to }) => to === undefined && dueAt !== undefined && from <= dueAt);
  const byDate =
    dueAt === undefined || isAwaitedInTime ? undefined : writable(instantToMs(dueAt) + waitedMs(waits, beganAt));
  const bySecond = waits[1]?.from;
  return bySecond === undefined || (byDate !== undefined && byDate < bySecond) ? byDate : bySecond;
}

/** The source's own date of reception, or when the index first had it as received or further; undefined before that. */
function receptionOf({ receivedAt, course, status, statusAt }: DossierTimes): string | undefined {
  if (receivedAt !== undefined) return receivedAt;
  const isReceived = (one: Status): boolean => RECEIVED.has(one);
  return course.find((move) => isReceived(move.status))?.at ?? (isReceived(status) ? statusAt : undefined);
}

/** A supplement or a payment may be asked for, and a dossier withdrawn, before it is received. */
const RECEIVED: ReadonlySet<Status> = new Set<Status>(['received', 'processing', 'stopped', 'resolved', 'returned']);

/**
 * When a finished dossier was finished: the source's own date, or since when it has been in one of those statuses. A date
 * of before the day on which it was taken up again is that of another end.
 */
function endOf({ status, statusAt, finishedAt, refusedAt, returnedAt, course }: DossierTimes): string {
  const told = finishedAt ?? (status === 'refused' ? refusedAt : undefined);
  const lastOpen = course.findLastIndex((move) => !isFinished(move.status));
  const openAt = course[lastOpen]?.at;
  const endedAgainAt = course[lastOpen + 1]?.at;
  const isOfBefore = told !== undefined && openAt !== undefined && told.slice(0, 10) < openAt.slice(0, 10);
  if (told !== undefined && !(isOfBefore && endedAgainAt)) return told;
  return endedAgainAt ?? (status === 'returned' ? returnedAt : undefined) ?? statusAt;
}

function lastOf({ course }: DossierTimes, status: Status): string | undefined {
  return course.findLast((move) => move.status === status)?.at;
}

interface Wait {
  readonly from: string;
  /** Absent while it is awaited. */
  readonly to?: string;
}

/**
 * When the dossier waited for the citizen: as the source lists its requests, and as its status tells where the list has
 * none at that time.
 */
function waitsOf({ supplements = [], course, status, statusAt }: DossierTimes): readonly Wait[] {
  const isAwaited = status === 'supplement-required';
  const requests = supplements
    .flatMap(({ requestedAt, receivedAt }) => (requestedAt ? [{ from: requestedAt, to: receivedAt }] : []))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  // One that was never said to be answered is over when the dossier has gone on.
  const listed = requests.map(({ from, to }, at) =>
    waitOf(from, to ?? (isAwaited && at === requests.length - 1 ? undefined : (after(course, from) ?? from))),
  );
  const moves = course.flatMap((move, at) =>
    move.status === 'supplement-required' ? [waitOf(move.at, course[at + 1]?.at)] : [],
  );
  const told = moves.length === 0 && isAwaited ? [{ from: statusAt }] : moves;
  const unlisted = told.filter((wait) => !listed.some((one) => overlap(one, wait)));
  return [...listed, ...unlisted].sort((a, b) => (a.from < b.from ? -1 : 1));
}

function overlap(a: Wait, b: Wait): boolean {
  return (b.to === undefined || a.from <= b.to) && (a.to === undefined || b.from <= a.to);
}

/** How long it waited between two moments; what overlaps counts once. */
function waitedMs(waits: readonly Wait[], beganAt: string, endedAt?: string): number {
  let sum = 0;
  let countedTo = instantToMs(beganAt);
  const endMs = endedAt === undefined ? Number.POSITIVE_INFINITY : instantToMs(endedAt);
  for (const { from, to } of waits) {
    if (to === undefined) continue;
    const [fromMs, toMs] = [Math.max(instantToMs(from), countedTo), Math.min(instantToMs(to), endMs)];
    sum += Math.max(0, toMs - fromMs);
    countedTo = Math.max(countedTo, toMs);
  }
  return sum;
}

function waitOf(from: string, to: string | undefined): Wait {
  return to === undefined ? { from } : { from, to: to < from ? from : to };
}

/** When the dossier went on after a moment. */
function after(course: readonly Move[], at: string): string | undefined {
  return course.find((move) => move.at > at && move.status !== 'supplement-required')?.at;
}

function byDay(endedAt: string, dueAt: string | undefined, isLate: boolean): Grade {
  if (dueAt === undefined) return 'on-time';
  if (isLate) return 'late';
  return endedAt.slice(0, 10) < dueAt.slice(0, 10) ? 'early' : 'on-time';
}

function endOfDay(instant: string): string {
  return `${instant.slice(0, 10)}T23:59:59.999+07:00`;
}
