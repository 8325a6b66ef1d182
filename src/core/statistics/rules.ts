import { endOfDay, instantToMs, msToInstant, writableInstant } from '../dates/dates.ts';
import { hasResult, isFinished } from '../dossier/status.ts';
import type { DossierTimes } from './dossier-times.ts';
import { endBy766, endingMoveOf, endOf, lastOf, receptionOf } from './milestones.ts';
import { type Wait, waitedMs, waitsOf } from './waits.ts';

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
   * because a past period counts the dossier as it was at the period's end. It never depends on what happened later.
   */
  readonly lateAfter?: string;
}

/** How a rule counts this dossier. Undefined if the rule excludes it. */
export function countedBy(rule: Rule, times: DossierTimes): Counted | undefined {
  const counted = BY_RULE[rule](times);
  if (!counted?.endedAt || counted.endedAt >= counted.beganAt) return counted;
  // The source has the end before the beginning, so the dossier ended at once.
  return { ...counted, endedAt: counted.beganAt };
}

const BY_RULE: Readonly<Record<Rule, (times: DossierTimes) => Counted | undefined>> = {
  '766': by766,
  opencps: byOpenCps,
  td: byTd,
};

/**
 * Includes refused dossiers, and withdrawn ones that had been received. Compares full times. The wait for a supplement
 * does not count. An open wait ends the measurement at its request. More than one request makes a dossier late. Without
 * a due date the longest term of the service applies. Early means an earlier day: the rule itself has only "on time"
 * and "late".
 */
function by766(times: DossierTimes): Counted | undefined {
  const { status, submittedAt, course } = times;
  const received = receptionOf(times);
  if (status === 'withdrawn' && received === undefined) return undefined;
  const beganAt = received ?? (status === 'refused' ? (submittedAt ?? course[0]?.at) : undefined);
  if (beganAt === undefined) return undefined;
  const waits = waitsOf(times);
  const due = dueBy766(times, beganAt);
  const began = { beganAt, ...lateAfter(lateBy766(waits, beganAt, due)) };
  if (!isFinished(status)) return began;
  const endedAt = endOf(times, endBy766);
  // A request after the end is no part of the procedure.
  const counting = waits.filter(({ from }) => from < endedAt);
  if (counting.length > 1) return { endedAt, grade: 'late', ...began };
  const measuredAt = msToInstant(instantToMs(endedAt) - waitedMs(counting, beganAt, endedAt));
  return { endedAt, grade: gradeBy766(endedAt, measuredAt, due), ...began };
}

/** The due date without the wait, and the due date that the source moved for the wait. */
interface Due {
  readonly at: string | undefined;
  readonly moved: string | undefined;
}

function dueBy766({ supplements = [], dueAt, dueByTerm }: DossierTimes, beganAt: string): Due {
  const previous = supplements.find((one) => one.previousDueAt)?.previousDueAt;
  if (previous !== undefined) return { at: previous, moved: dueAt };
  return { at: dueAt ?? dueByTerm?.(beganAt), moved: undefined };
}

/** Within the moved due date a dossier is in time, however long the wait was. */
function gradeBy766(endedAt: string, measuredAt: string, { at, moved }: Due): Grade {
  if (at === undefined) return 'on-time';
  const isMovedEnough = moved !== undefined && endedAt <= moved;
  if (measuredAt > at && !isMovedEnough) return 'late';
  return isEarlierDay(measuredAt, at) || (moved !== undefined && isEarlierDay(endedAt, moved)) ? 'early' : 'on-time';
}

/**
 * The moment of lateness by 766: after the due date, extended by a wait that began before it, or from the second request
 * on. A wait that begins after the due date does not undo the lateness of a period that is over.
 */
function lateBy766([first, second]: readonly Wait[], beganAt: string, { at, moved }: Due): string | undefined {
  const bySecond = second?.from;
  if (at === undefined) return bySecond;
  const isExtended = first !== undefined && first.from <= at;
  if (isExtended && first.to === undefined) return bySecond;
  const extended = isExtended ? writableInstant(instantToMs(at) + waitedMs([first], beganAt)) : at;
  const byDate = moved !== undefined && moved > extended ? moved : extended;
  return bySecond === undefined || byDate < bySecond ? byDate : bySecond;
}

/**
 * Excludes refused dossiers and those not received yet. Late: resolved after the due date. Early: also returned before
 * that date, or resolved before an extended date. Without a due date a dossier is on time.
 */
function byOpenCps(times: DossierTimes): Counted | undefined {
  const { status, dueAt, returnedAt, supplements = [] } = times;
  const beganAt = receptionOf(times);
  if (status === 'refused' || beganAt === undefined) return undefined;
  const began = { beganAt, ...lateAfter(dueAt) };
  if (!isFinished(status)) return began;
  const endedAt = endOf(times);
  if (dueAt === undefined) return { endedAt, grade: 'on-time', ...began };
  const closedAt = status === 'resolved' ? undefined : (returnedAt ?? lastOf(times, 'returned') ?? endedAt);
  const wasPutOff = supplements.some((one) => one.newDueAt);
  const isEarly = (closedAt !== undefined && closedAt < dueAt) || (wasPutOff && endedAt < dueAt);
  return { endedAt, grade: endedAt > dueAt ? 'late' : isEarly ? 'early' : 'on-time', ...began };
}

/**
 * Excludes statuses 1 and 3 of the national table. Compares days, not times. Dossiers with a result count by their due
 * date. Dossiers that ended withdrawn or stopped, and those that wait for a supplement, count as on time.
 */
function byTd(times: DossierTimes): Counted | undefined {
  const { status, dueAt } = times;
  const beganAt = receptionOf(times);
  if (status === 'submitted' || status === 'refused' || beganAt === undefined) return undefined;
  const awaited = waitsOf(times).find(({ to }) => to === undefined);
  const began = { beganAt, ...lateAfter(dueAt && endOfDay(dueAt.slice(0, 10))) };
  if (awaited) return { endedAt: awaited.from, grade: 'on-time', ...began };
  if (!isFinished(status)) return began;
  const endedAt = endOf(times);
  if (!hasResult(endingMoveOf(times).status) || dueAt === undefined) return { endedAt, grade: 'on-time', ...began };
  if (isEarlierDay(dueAt, endedAt)) return { endedAt, grade: 'late', ...began };
  return { endedAt, grade: isEarlierDay(endedAt, dueAt) ? 'early' : 'on-time', ...began };
}

function lateAfter(at: string | undefined): Pick<Counted, 'lateAfter'> {
  return at === undefined ? {} : { lateAfter: at };
}

function isEarlierDay(one: string, other: string): boolean {
  return one.slice(0, 10) < other.slice(0, 10);
}
