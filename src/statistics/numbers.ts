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

/** How many changes of each kind a stretch of time has. */
export type Sums = Readonly<Record<Kind, number>>;

/** The sums of dossiers that came online, and of all others. */
export interface ChannelSums {
  readonly online: Sums;
  readonly direct: Sums;
}

export const NO_SUMS: Sums = { received: 0, early: 0, on_time: 0, late: 0, overdue: 0, settled: 0 };

export function addSums(a: Sums, b: Sums): Sums {
  return {
    received: a.received + b.received,
    early: a.early + b.early,
    on_time: a.on_time + b.on_time,
    late: a.late + b.late,
    overdue: a.overdue + b.overdue,
    settled: a.settled + b.settled,
  };
}

export function addChannels(a: ChannelSums, b: ChannelSums): ChannelSums {
  return { online: addSums(a.online, b.online), direct: addSums(a.direct, b.direct) };
}

/**
 * The numbers of a period.
 *
 * @param before all changes before the period
 * @param period the changes in the period
 * @param dueLater pending dossiers that become late before the period's end, but have not by now
 */
export function numbersOf(before: ChannelSums, period: ChannelSums, dueLater: number): CountedNumbers {
  const former = addSums(before.online, before.direct);
  const { early, on_time: onTime, late, overdue, settled } = addSums(period.online, period.direct);
  const [online, direct] = [period.online.received, period.direct.received];
  const carriedOver = former.received - former.early - former.on_time - former.late;
  const received = online + direct + carriedOver;
  const resolved = early + onTime + late;
  const pending = received - resolved;
  const pendingLate = former.overdue - former.settled + overdue - settled - dueLater;
  return {
    received: { total: received, online, direct, carriedOver },
    resolved: { total: resolved, early, onTime, late },
    pending: { total: pending, withinTerm: pending - pendingLate, late: pendingLate },
  };
}
