import { instantToMs, msToInstant } from '../dates/dates.ts';

/** A process of the hub, as it reported itself. All times are instants. */
export interface ProcessRun {
  readonly startedAt: string;
  /** When it last wrote to the database. */
  readonly seenAt: string;
  /** When it stopped in order. Null if it runs, or ended otherwise. */
  readonly endedAt: string | null;
}

/** A time in which no process was there. */
export interface Gap {
  readonly from: string;
  readonly to: string;
  /** Whether the last process before it had stopped in order. */
  readonly wasOrdered: boolean;
}

export interface Availability {
  /** The part of the period of which the hub knows something. Undefined if it knows nothing. */
  readonly known: { readonly from: string; readonly to: string } | undefined;
  readonly upMs: number;
  readonly gaps: readonly Gap[];
}

/**
 * When at least one process was there. A process counts as there from its start to the last moment at which it wrote.
 *
 * @param runs in the order of their starts
 * @param since when the hub began to keep runs; undefined if it never did
 * @param pauseMs the longest time between two reports of a living process
 */
export function availabilityOf(
  runs: readonly ProcessRun[],
  { from, to, since }: { readonly from: string; readonly to: string; readonly since: string | undefined },
  pauseMs: number,
): Availability {
  const fromMs = Math.max(instantToMs(from), since === undefined ? Number.POSITIVE_INFINITY : instantToMs(since));
  const toMs = instantToMs(to);
  if (fromMs >= toMs) return { known: undefined, upMs: 0, gaps: [] };
  const gaps: Gap[] = [];
  let [reachedMs, wasOrdered] = [Number.NEGATIVE_INFINITY, false];
  const note = (untilMs: number): void => {
    const sinceMs = Math.max(reachedMs, fromMs);
    // Between two reports nothing is known to be wrong.
    if (untilMs - sinceMs > pauseMs) gaps.push({ from: msToInstant(sinceMs), to: msToInstant(untilMs), wasOrdered });
  };
  for (const { startedAt, seenAt, endedAt } of runs) {
    const endMs = Math.min(instantToMs(endedAt ?? seenAt), toMs);
    note(Math.min(instantToMs(startedAt), toMs));
    if (endMs > reachedMs) [reachedMs, wasOrdered] = [endMs, endedAt !== null];
  }
  note(toMs);
  const downMs = gaps.reduce((sum, gap) => sum + instantToMs(gap.to) - instantToMs(gap.from), 0);
  return {
    known: { from: msToInstant(fromMs), to: msToInstant(toMs) },
    upMs: toMs - fromMs - downMs,
    gaps,
  };
}
