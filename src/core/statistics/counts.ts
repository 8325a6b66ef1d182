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
 * The counting rules for dossiers. All are in use and give different numbers, so every number names its rule (domain
 * 8.1).
 *
 * - `766`: the index that ranks provinces (QĐ 766/QĐ-TTg, 2022).
 * - `opencps`: the statistics of OpenCPS v2.
 * - `td`: the daily statistics and form II.06a of the one-stop system of Thanh Hóa and Điện Biên.
 */
export const RULES = ['766', 'opencps', 'td'] as const;
export type Rule = (typeof RULES)[number];

/** The groupings: each line of a statistic is one agency, one field, and so on. */
export const GROUPS = ['agency', 'field', 'service', 'month', 'channel'] as const;
export type Group = (typeof GROUPS)[number];

/** The numbers of a line, such as `received.online`. The totals are `resolved` and `pending`. */
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
  /** When it was resolved by the rule. Absent while it is pending. */
  readonly endedAt?: string;
  /** How it was resolved. Present with `endedAt`. */
  readonly grade?: Grade;
  /**
   * After this moment a pending dossier is late. Absent if it cannot become late. Also set for resolved dossiers,
   * because a past period counts the dossier as it was at the period's end.
   */
  readonly lateAfter?: string;
}

/** The known course of a dossier. The dates come from the source. */
export type DossierTimes = Pick<
  Dossier,
  'status' | 'statusAt' | 'submittedAt' | 'receivedAt' | 'dueAt' | 'finishedAt' | 'returnedAt' | 'refusedAt'
> & {
  readonly supplements?: readonly SupplementTimes[];
  /** The statuses in order. See courseOf. Empty if only the present status is known. */
  readonly course: readonly Move[];
  /** The due date by the longest term of its service since reception, if the source gives none. */
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

/** How a rule counts this dossier. Undefined if the rule excludes it. */
export function countedBy(rule: Rule, times: DossierTimes): Counted | undefined {
  const counted = BY_RULE[rule](times);
  if (!counted?.endedAt || counted.endedAt >= counted.beganAt) return counted;
  // The source has the end before the beginning, so the dossier ended at once.
  return { ...counted, endedAt: counted.beganAt };
}

/**
 * The statuses that a dossier went through, by the same rules as in the index. A status with a derived time gives way
 * to the same status with a real time: both report one move, and the derived time is too early.
 *
 * @param events in the order of recording; if the first ones are deleted, the course begins with the oldest stored one
 */
export function courseOf(events: readonly Omit<DossierEvent, 'record'>[]): readonly Move[] {
  const moves: Move[] = [];
  let view: DossierView | undefined;
  const sorted = [...events].sort(inEventOrder);
  const first = events[0]?.seq === 1 ? sorted.findIndex(({ kind }) => kind === 'dossier') : 0;
  if (first === -1) return moves;
  const yields = yieldingIn(events);
  for (const [at, event] of sorted.entries()) {
    // A real step at the moment of a derived beginning comes before it.
    const isBefore = at < first && !(sorted[first]?.inferred && event.at === sorted[first]?.at);
    if (isBefore || yields(event)) continue;
    // The content of the record does not matter here. A dossier begins with a record.
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
 * The due date by the longest certain term of the service in the catalogue. An hour is a working hour and a day a
 * calendar day. A due date on a day off moves to the next working day (domain 8.2). Undefined if no term is certain.
 */
export function dueByTerm({ channels = [] }: Pick<Service, 'channels'>, receivedAt: string, working: WorkingTime) {
  const dues = channels.flatMap(({ terms = [] }) =>
    terms.flatMap(({ amount, unit }) => dueAfter(receivedAt, amount, unit, working) ?? []),
  );
  return dues.length > 0 ? dues.reduce((latest, one) => (one > latest ? one : latest)) : undefined;
}

const DAY_MS = 86_400_000;
/** No service takes longer. A longer term was misread. */
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
    // With hardly any working hours the calendar does not reach the end, so the due date is unknown.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Sources give impossibly late years. The last writable moment replaces them. */
const writable = (ms: number): string => msToInstant(Math.min(ms, LATEST_MS));
const LATEST_MS = Date.UTC(2200, 11, 31);

const BY_RULE: Readonly<Record<Rule, (times: DossierTimes) => Counted | undefined>> = {
  /**
   * Includes refused dossiers, and withdrawn ones that had been received. Compares full times. The wait for a
   * supplement does not count. An open wait ends the measurement at its request. More than one request makes a dossier
   * late. Without a due date the longest term of the service applies. Early means an earlier day: the rule itself has
   * only "on time" and "late".
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
   * Excludes refused dossiers and those not received yet. Late: resolved after the due date. Early: also returned
   * before that date, or resolved before an extended date. Without a due date a dossier is on time.
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
   * Excludes statuses 1 and 3 of the national table. Compares days, not times. Dossiers with a result count by their
   * due date. Withdrawn and stopped dossiers, and those that wait for a supplement, count as on time.
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

/**
 * The moment of lateness under rule 766: after the due date extended by the wait, or from the second request on. An
 * open wait that began before the due date does not count.
 */
function lateByIndex(waits: readonly Wait[], beganAt: string, dueAt: string | undefined): string | undefined {
  const isAwaitedInTime = waits.some(({ from, to }) => to === undefined && dueAt !== undefined && from <= dueAt);
  const byDate =
    dueAt === undefined || isAwaitedInTime ? undefined : writable(instantToMs(dueAt) + waitedMs(waits, beganAt));
  const bySecond = waits[1]?.from;
  return bySecond === undefined || (byDate !== undefined && byDate < bySecond) ? byDate : bySecond;
}

/**
 * The source's date of reception, or when the index first had the status received or a later one. Undefined before
 * that.
 */
function receptionOf({ receivedAt, course, status, statusAt }: DossierTimes): string | undefined {
  if (receivedAt !== undefined) return receivedAt;
  const isReceived = (one: Status): boolean => RECEIVED.has(one);
  return course.find((move) => isReceived(move.status))?.at ?? (isReceived(status) ? statusAt : undefined);
}

/** Statuses after reception. A supplement, a payment or a withdrawal may also come before it. */
const RECEIVED: ReadonlySet<Status> = new Set<Status>(['received', 'processing', 'stopped', 'resolved', 'returned']);

/**
 * When a finished dossier ended: the source's date, or since when it has been in a final status. A date from before the
 * day on which it was reopened belongs to an earlier end.
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
  /** Absent while the wait is open. */
  readonly to?: string;
}

/** When the dossier waited for the citizen: by the source's list of requests, and by its statuses outside that list. */
function waitsOf({ supplements = [], course, status, statusAt }: DossierTimes): readonly Wait[] {
  const isAwaited = status === 'supplement-required';
  const requests = supplements
    .flatMap(({ requestedAt, receivedAt }) => (requestedAt ? [{ from: requestedAt, to: receivedAt }] : []))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  // A request without an answer ends when the dossier continues.
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

/** The waiting time between two moments, in milliseconds. Overlaps count once. */
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

/** When the dossier continued after a moment. */
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
