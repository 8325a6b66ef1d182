import { instantToMs } from '../dates/dates.ts';
import type { DossierTimes, Move, SupplementTimes } from './dossier-times.ts';

export interface Wait {
  readonly from: string;
  /** Absent while the wait is open. */
  readonly to?: string;
}

/**
 * When the dossier waited for the citizen, in order: by the source's list of requests, and by its statuses outside that
 * list. One listed request over several runs of the status counts as these runs: the office asked again in between.
 */
export function waitsOf(times: DossierTimes): readonly Wait[] {
  const runs = runsOf(times);
  const listed = requestsOf(times).filter((request) => runs.filter((run) => overlap(request, run)).length < 2);
  const unlisted = runs.filter((run) => !listed.some((request) => touch(request, run)));
  return [...listed, ...unlisted].sort(byBeginning);
}

/** The waiting time between two moments, in milliseconds. Overlaps count once. */
export function waitedMs(waits: readonly Wait[], beganAt: string, endedAt?: string): number {
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

function requestsOf({ supplements = [], course, status }: DossierTimes): readonly Wait[] {
  const requests = uniqueById(supplements)
    .flatMap(({ requestedAt, receivedAt }) => (requestedAt ? [{ from: requestedAt, to: receivedAt }] : []))
    .sort(byBeginning);
  return requests.map(({ from, to }, at) => {
    if (to !== undefined) return waitOf(from, to);
    if (status === 'supplement-required' && at === requests.length - 1) return { from };
    // Unanswered: it lasted until the dossier continued or ended.
    return waitOf(from, continuedAt(course, from) ?? from);
  });
}

/** Later entries with an id add to the first one. */
function uniqueById(supplements: readonly SupplementTimes[]): readonly SupplementTimes[] {
  const byId = new Map<string, SupplementTimes>();
  for (const [at, one] of supplements.entries()) {
    const key = one.id === undefined ? `at ${at}` : `id ${one.id}`;
    byId.set(key, { ...byId.get(key), ...one });
  }
  return [...byId.values()];
}

/** The stretches of the course in which the dossier waited. */
function runsOf({ course }: DossierTimes): readonly Wait[] {
  return course.flatMap((move, at) =>
    move.status === 'supplement-required' ? [waitOf(move.at, course[at + 1]?.at)] : [],
  );
}

function continuedAt(course: readonly Move[], at: string): string | undefined {
  return course.find((move) => move.at > at && move.status !== 'supplement-required')?.at;
}

function touch(a: Wait, b: Wait): boolean {
  return (b.to === undefined || a.from <= b.to) && (a.to === undefined || b.from <= a.to);
}

function overlap(a: Wait, b: Wait): boolean {
  return (b.to === undefined || a.from < b.to) && (a.to === undefined || b.from < a.to);
}

function waitOf(from: string, to: string | undefined): Wait {
  return to === undefined ? { from } : { from, to: to < from ? from : to };
}

function byBeginning(a: Pick<Wait, 'from'>, b: Pick<Wait, 'from'>): number {
  return a.from < b.from ? -1 : 1;
}
