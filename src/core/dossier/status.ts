import type { Dossier, Status } from '#schemas/dossier.upsert.v1';

/**
 * How advanced each status is. Of two statuses at the same time the further one wins. The order is the hub's own: the
 * codes of the national table do not follow progress (3 is an end, 4 is not).
 */
const PROGRESS: Readonly<Record<Status, number>> = {
  submitted: 0,
  received: 1,
  processing: 2,
  'supplement-required': 3,
  'payment-required': 4,
  resolved: 5,
  stopped: 6,
  refused: 7,
  withdrawn: 8,
  returned: 9,
};

const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  submitted: ['received', 'refused', 'supplement-required', 'payment-required', 'withdrawn'],
  received: ['processing', 'supplement-required', 'payment-required', 'withdrawn', 'stopped', 'resolved', 'returned'],
  processing: ['supplement-required', 'payment-required', 'withdrawn', 'stopped', 'resolved', 'returned'],
  'supplement-required': ['submitted', 'received', 'processing', 'withdrawn', 'stopped', 'refused', 'payment-required'],
  'payment-required': ['received', 'processing', 'resolved', 'withdrawn', 'stopped'],
  resolved: ['returned'],
  stopped: ['returned'],
  refused: [],
  withdrawn: [],
  returned: [],
};

/** The statuses in which the office has nothing more to do. */
export const ENDED: readonly Status[] = ['refused', 'withdrawn', 'stopped', 'resolved', 'returned'];
const FINISHED: ReadonlySet<Status> = new Set(ENDED);

export function progressOf(status: Status): number {
  return PROGRESS[status];
}

/** The statuses, the least advanced first. */
export const BY_PROGRESS = (Object.keys(PROGRESS) as Status[]).sort((a, b) => PROGRESS[a] - PROGRESS[b]);

/** The statuses in which the office still has something to do, the least advanced first. */
export const OPEN: readonly Status[] = BY_PROGRESS.filter((status) => !isFinished(status));

/** Whether a dossier may go from one status to the other without a correction. */
export function mayFollow(from: Status, to: Status): boolean {
  return NEXT[from].includes(to);
}

/** Whether a dossier in this status may go to another one only by a correction. */
export function mayFollowNothing(status: Status): boolean {
  return NEXT[status].length === 0;
}

/** Whether the office has decided with a result: it is ready, or the citizen has it. */
export function hasResult(status: Status): boolean {
  return status === 'resolved' || status === 'returned';
}

/** Whether the office has nothing more to do. Such a dossier is never overdue. */
export function isFinished(status: Status): boolean {
  return FINISHED.has(status);
}

/**
 * When the office had nothing more to do. Undefined before that. The office has finished when the result exists, not when
 * the citizen fetches it.
 */
export function finishOf(
  dossier: Pick<Dossier, 'status' | 'statusAt' | 'finishedAt' | 'refusedAt' | 'returnedAt'>,
): string | undefined {
  const { status, statusAt, finishedAt, refusedAt, returnedAt } = dossier;
  return isFinished(status) ? (finishedAt ?? refusedAt ?? returnedAt ?? statusAt) : undefined;
}

/** Whether a status is more advanced than another. */
export function isFurther(status: Status, than: Status): boolean {
  return progressOf(status) > progressOf(than);
}
