import type { Status } from '#schemas/dossier.upsert.v1';
import { isFinished } from '../dossier/status.ts';
import type { DossierTimes, Move } from './dossier-times.ts';

/**
 * The source's date of reception, or when the dossier first had a status that presupposes reception. Undefined before
 * that.
 */
export function receptionOf({ receivedAt, course }: DossierTimes): string | undefined {
  if (receivedAt !== undefined) return receivedAt;
  return course.find((move) => RECEIVED.has(move.status))?.at;
}

/** Statuses after reception (domain 6.2). A supplement, a payment or a withdrawal may also come before it. */
export const RECEIVED: ReadonlySet<Status> = new Set<Status>([
  'received',
  'processing',
  'stopped',
  'resolved',
  'returned',
]);

/** Chooses the end among the final statuses since the dossier was last open, in order. */
type ChooseEnd = (finals: readonly Move[]) => Move | undefined;

const chooseFirst: ChooseEnd = ([first]) => first;

/** The final status with which a finished dossier ended. By default the first one: papers may be handed back later. */
export function endingMoveOf(
  { status, statusAt, course }: Pick<DossierTimes, 'status' | 'statusAt' | 'course'>,
  choose = chooseFirst,
): Move {
  const lastOpen = course.findLastIndex((move) => !isFinished(move.status));
  return choose(course.slice(lastOpen + 1)) ?? { status, at: statusAt };
}

/**
 * When a finished dossier ended: the source's date, or since when it has been in a final status. A date from before the
 * day of its last open status belongs to an earlier end.
 */
export function endOf(times: DossierTimes, choose = chooseFirst): string {
  const { status, finishedAt, refusedAt, returnedAt, course } = times;
  const openOn = course.findLast((move) => !isFinished(move.status))?.at.slice(0, 10);
  const isOfEarlierEnd = (told: string): boolean => openOn !== undefined && told.slice(0, 10) < openOn;
  const end = endingMoveOf(times, choose);
  const dates = [
    finishedAt ?? (status === 'refused' ? refusedAt : undefined),
    end.status === 'returned' ? returnedAt : undefined,
  ];
  return dates.find((told) => told !== undefined && !isOfEarlierEnd(told)) ?? end.at;
}

/** The end by index 766: status 9, else 10, else 8 or 3, else a withdrawal (domain 8.1). */
export function endBy766(finals: readonly Move[]): Move | undefined {
  const firstOf = (...statuses: readonly Status[]) => finals.find(({ status }) => statuses.includes(status));
  return firstOf('resolved') ?? firstOf('returned') ?? firstOf('stopped', 'refused') ?? finals[0];
}

export function lastOf({ course }: DossierTimes, status: Status): string | undefined {
  return course.findLast((move) => move.status === status)?.at;
}
