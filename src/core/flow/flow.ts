import { groupBy } from '../group-by.ts';

/** Counted messages from a party (`in`), or attempts at it (`out`), of one minute or hour. */
export interface FlowCount {
  readonly span: FlowSpan;
  readonly party: string;
  /** The beginning of the minute or the hour, epoch milliseconds. */
  readonly sinceMs: number;
  readonly direction: 'in' | 'out';
  /** The outcome of the message. Of an attempt: delivered, or the reason of its failure. */
  readonly result: string;
  /** The attempts took at most this time, one of `TOOK_BOUNDS_MS`. 0 for messages. */
  readonly withinMs: number;
  readonly many: number;
}

export type FlowSpan = keyof typeof SPANS_MS;
export const SPANS_MS = { minute: 60_000, hour: 3_600_000 } as const;

/** Upper ends of durations. Fine enough for a percentile, and few enough for rows. */
export const TOOK_BOUNDS_MS = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 3_600_000,
] as const;

/** The key of the row to which a count is added. */
export function keyOf({ span, party, sinceMs, direction, result, withinMs }: Omit<FlowCount, 'many'>): string {
  return JSON.stringify([span, party, sinceMs, direction, result, withinMs]);
}

/** How much flowed in one minute or one day. */
export interface FlowStep {
  readonly sinceMs: number;
  readonly received: number;
  readonly delivered: number;
  readonly failed: number;
}

/** The counts of each step of a period, also of steps in which nothing happened. @param stepMs the length of a step */
export function seriesOf(
  counts: readonly FlowCount[],
  fromMs: number,
  toMs: number,
  stepMs: number,
): readonly FlowStep[] {
  const steps = Array.from({ length: Math.max(0, Math.ceil((toMs - fromMs) / stepMs)) }, (_, at) => ({
    sinceMs: fromMs + at * stepMs,
    received: 0,
    delivered: 0,
    failed: 0,
  }));
  for (const { sinceMs, direction, result, many } of counts) {
    const step = steps[Math.floor((sinceMs - fromMs) / stepMs)];
    if (!step) continue;
    if (direction === 'in') step.received += many;
    else if (result === 'delivered') step.delivered += many;
    else step.failed += many;
  }
  return steps;
}

/** Failed attempts at one party for one reason. */
export interface FlowFailure {
  readonly party: string;
  readonly reason: string;
  readonly many: number;
  readonly lastMs: number;
}

/** The most frequent first. */
export function failuresOf(counts: readonly FlowCount[]): readonly FlowFailure[] {
  const found = new Map<string, FlowFailure>();
  for (const { party, direction, result, many, sinceMs } of counts) {
    if (direction === 'in' || result === 'delivered') continue;
    const key = JSON.stringify([party, result]);
    const before = found.get(key) ?? { many: 0, lastMs: sinceMs };
    const lastMs = Math.max(before.lastMs, sinceMs);
    found.set(key, { party, reason: result, many: before.many + many, lastMs });
  }
  return [...found.values()].sort((a, b) => b.many - a.many);
}

/** The flow of one party in a period. */
export interface PartyFlow {
  readonly party: string;
  readonly received: number;
  readonly delivered: number;
  readonly failed: number;
  /** Within which time half, 95 % and 99 % of the delivered calls ended. Null without any. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

export function partyFlows(counts: readonly FlowCount[]): readonly PartyFlow[] {
  const byParty = groupBy(counts, ({ party }) => party);
  return [...byParty.keys()].sort().map((party) => {
    const own = byParty.get(party) ?? [];
    const out = own.filter(({ direction }) => direction === 'out');
    const delivered = out.filter(({ result }) => result === 'delivered');
    return {
      party,
      received: sumOf(own) - sumOf(out),
      delivered: sumOf(delivered),
      failed: sumOf(out) - sumOf(delivered),
      medianMs: percentileOf(delivered, 0.5),
      p95Ms: percentileOf(delivered, 0.95),
      p99Ms: percentileOf(delivered, 0.99),
    };
  });
}

function sumOf(counts: readonly FlowCount[]): number {
  return counts.reduce((sum, { many }) => sum + many, 0);
}

/** The upper end of the durations within which this share of the calls ended. */
function percentileOf(delivered: readonly FlowCount[], share: number): number | null {
  const sorted = [...delivered].sort((a, b) => a.withinMs - b.withinMs);
  const all = sumOf(sorted);
  let sum = 0;
  for (const { withinMs, many } of sorted) {
    sum += many;
    if (sum >= all * share) return withinMs;
  }
  return null;
}
