import type { Kind } from '#core/statistics/changes';

/** The numbers of one line of form II.06a/VPCP/KSTT: received = resolved + pending. */
export interface CountedNumbers {
  readonly received: {
    readonly total: number;
    /** Received in the period: online, and in person or by post. */
    readonly online: number;
    readonly direct: number;
    /** Received before the period and not resolved by its beginning. */
    readonly carriedOver: number;
  };
  readonly resolved: { readonly total: number; readonly early: number; readonly onTime: number; readonly late: number };
  readonly pending: { readonly total: number; readonly withinTerm: number; readonly late: number };
}

/** How many changes of each kind a stretch of time has, and how many of those received came online. */
export type Sums = Readonly<Record<Kind | 'online', number>>;

export const NO_SUMS: Sums = { received: 0, online: 0, early: 0, on_time: 0, late: 0, overdue: 0, settled: 0 };

export function addSums(a: Sums, b: Sums): Sums {
  return {
    received: a.received + b.received,
    online: a.online + b.online,
    early: a.early + b.early,
    on_time: a.on_time + b.on_time,
    late: a.late + b.late,
    overdue: a.overdue + b.overdue,
    settled: a.settled + b.settled,
  };
}

/**
 * The numbers of a period.
 *
 * @param before all changes before the period
 * @param period the changes in the period
 * @param dueLater pending dossiers that become late before the period's end, but have not by now
 */
export function numbersOf(before: Sums, period: Sums, dueLater: number): CountedNumbers {
  const { online, early, on_time: onTime, late, overdue, settled } = period;
  const carriedOver = before.received - before.early - before.on_time - before.late;
  const received = period.received + carriedOver;
  const resolved = early + onTime + late;
  const pending = received - resolved;
  const pendingLate = before.overdue - before.settled + overdue - settled - dueLater;
  return {
    received: { total: received, online, direct: period.received - online, carriedOver },
    resolved: { total: resolved, early, onTime, late },
    pending: { total: pending, withinTerm: pending - pendingLate, late: pendingLate },
  };
}
