import type { DeliveryState } from './delivery-states.ts';
import { ADAPTER_BUG, type Outcome, WAITS_ANYWAY } from './settle.ts';

/** Causes of delay. Of several at one moment the first in this list counts. */
const CAUSES = ['wrongData', 'quarantine', 'partnerDown', 'partnerSlow', 'queue'] as const;
export type Cause = (typeof CAUSES)[number];

/** Seconds of working time by cause. With `office` they add up to the whole working time. */
export type Delays = Readonly<Record<Cause, number>>;

export interface DossierDelays extends Delays {
  /** Time without any other cause, until the dossier was finished. */
  readonly office: number;
  /** The same for each receiving party, as if it were the only one. Their times may overlap. */
  readonly parties: Readonly<Record<string, Delays>>;
}

/** All moments are epoch milliseconds. An interval without an end is still running. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs?: number | undefined;
}

type EndedInterval = Interval & { readonly toMs: number };

export interface AttemptFact {
  /** When its outcome was known, and how long the call had taken. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly outcome: Outcome['kind'];
  readonly reason?: string | undefined;
}

export interface DeliveryFact {
  readonly party: string;
  readonly operation: string;
  readonly createdMs: number;
  readonly state: DeliveryState;
  readonly settledMs?: number | undefined;
  /** In order. */
  readonly attempts: readonly AttemptFact[];
  /** While it waited for an operator to settle a cause, such as an unmapped code. */
  readonly held: readonly Interval[];
}

export interface DelayFacts {
  readonly startMs: number;
  /** When the office had nothing more to do. Absent before that. */
  readonly finishMs?: number | undefined;
  readonly nowMs: number;
  /** In the order of sending. */
  readonly deliveries: readonly DeliveryFact[];
  /** While a party's message about the dossier waited in quarantine. */
  readonly waits: readonly Interval[];
  /** From a message that the hub refused as wrong to the party's next accepted one. */
  readonly refusals: readonly Interval[];
  /** When a party was known to be unreachable. */
  readonly outages: readonly (Interval & { readonly party: string })[];
}

interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
  readonly cause: Cause;
}

/**
 * Splits the working time of a dossier by cause.
 *
 * The time belongs to the office unless a delivery is not through. Then the cause is one of these: data that the
 * partner or the hub refused until it was corrected; a cause in quarantine; a partner that is unreachable; a slow
 * partner; otherwise the hub's queue. A delivery that waits for its next attempt counts for the partner until the
 * partner is back, and for the hub after that. Of several causes at one moment the first of `CAUSES` counts. After the
 * end of the dossier no time belongs to the office, but open deliveries still count.
 *
 * @param working the working time between two moments, in milliseconds
 */
export function delaysOf(facts: DelayFacts, working: (fromMs: number, toMs: number) => number): DossierDelays {
  const parties = [...new Set(facts.deliveries.map((delivery) => delivery.party))].sort();
  const byParty = new Map(parties.map((party) => [party, partySegments(facts, party)]));
  const waits = facts.waits.map((wait): Segment => ({ ...closed(wait, facts.nowMs), cause: 'quarantine' }));
  const refusals = facts.refusals.map((refusal): Segment => ({ ...closed(refusal, facts.nowMs), cause: 'wrongData' }));
  const whole = split([...waits, ...refusals, ...[...byParty.values()].flat()], facts, working);
  const officeMs = working(facts.startMs, facts.finishMs ?? facts.nowMs) - whole.beforeFinishMs;
  return {
    office: seconds(Math.max(officeMs, 0)),
    ...inSeconds(whole.sums),
    parties: Object.fromEntries(
      [...byParty].map(([party, segments]) => [party, inSeconds(split(segments, facts, working).sums)]),
    ),
  };
}

/** The delays of the deliveries to one party, one after the other, because a later one waits for the earlier one. */
function partySegments({ deliveries, outages, nowMs }: DelayFacts, party: string): readonly Segment[] {
  const own = deliveries.filter((delivery) => delivery.party === party);
  const corrected = nextDelivered(own);
  const away = outages.filter((outage) => outage.party === party).map((outage) => closed(outage, nowMs));
  const segments: Segment[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const [at, delivery] of own.entries()) {
    const endMs = delivery.settledMs ?? nowMs;
    segments.push(...deliverySegments(delivery, Math.max(delivery.createdMs, before), endMs, away, nowMs));
    before = Math.max(before, endMs);
    if (delivery.state !== 'refused' && delivery.state !== 'parked') continue;
    const cause = delivery.state === 'refused' ? 'wrongData' : 'partnerDown';
    segments.push({ fromMs: endMs, toMs: corrected[at]?.settledMs ?? nowMs, cause });
  }
  return segments;
}

/** For each delivery the next one of its operation that got through. */
function nextDelivered(deliveries: readonly DeliveryFact[]): readonly (DeliveryFact | undefined)[] {
  const next = new Map<string, DeliveryFact>();
  const found: (DeliveryFact | undefined)[] = [];
  for (const [at, delivery] of [...deliveries.entries()].reverse()) {
    found[at] = next.get(delivery.operation);
    if (delivery.state === 'delivered') next.set(delivery.operation, delivery);
  }
  return found;
}

function deliverySegments(
  { attempts, held }: DeliveryFact,
  startMs: number,
  endMs: number,
  away: readonly EndedInterval[],
  nowMs: number,
): readonly Segment[] {
  const segments: Segment[] = [{ fromMs: startMs, toMs: endMs, cause: 'queue' }];
  for (const { fromMs, toMs } of away)
    segments.push({ fromMs: Math.max(fromMs, startMs), toMs: Math.min(toMs, endMs), cause: 'partnerDown' });
  for (const wait of held) segments.push({ ...closed(wait, nowMs), cause: 'quarantine' });
  for (const [at, { atMs, tookMs, outcome, reason = '' }] of attempts.entries()) {
    const isFailed = outcome === 'unavailable' || outcome === 'unknown';
    const cause = isFailed ? blameOf(reason) : 'partnerSlow';
    segments.push({ fromMs: atMs - tookMs, toMs: atMs, cause });
    if (!isFailed) continue;
    const next = attempts[at + 1];
    const nextMs = next ? next.atMs - next.tookMs : endMs;
    const outage = away.find(({ fromMs, toMs }) => fromMs - CLOSE_MS <= atMs && atMs <= toMs);
    const backMs = WAITS_ANYWAY.includes(reason) ? nextMs : (outage?.toMs ?? nextMs);
    segments.push({ fromMs: atMs, toMs: Math.min(nextMs, backMs), cause });
  }
  return segments;
}

/** An outage is recorded some calls after it began. */
const CLOSE_MS = 10 * 60_000;

/** A partner that answers late or asks to wait is reachable. A bug of an adapter is the hub's delay. */
function blameOf(reason: string): Cause {
  if (reason === ADAPTER_BUG) return 'queue';
  return /^(?:timeout|busy|status-429)$/.test(reason) ? 'partnerSlow' : 'partnerDown';
}

interface Split {
  readonly sums: Record<Cause, number>;
  /** The part before the dossier was finished. */
  readonly beforeFinishMs: number;
}

/** Counts each moment from the start once, for the first of its causes. */
function split(segments: readonly Segment[], facts: DelayFacts, working: (from: number, to: number) => number): Split {
  const { startMs, finishMs = facts.nowMs, nowMs } = facts;
  const within = segments
    .map((one) => ({ ...one, fromMs: Math.max(one.fromMs, startMs), toMs: Math.min(one.toMs, nowMs) }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
  const turns = [
    ...within.flatMap(({ fromMs, toMs, cause }) => [
      { atMs: fromMs, cause, by: 1 },
      { atMs: toMs, cause, by: -1 },
    ]),
    { atMs: finishMs, cause: CAUSES[0], by: 0 },
  ].sort((a, b) => a.atMs - b.atMs);
  const sums: Record<Cause, number> = { wrongData: 0, quarantine: 0, partnerDown: 0, partnerSlow: 0, queue: 0 };
  const open: Record<Cause, number> = { ...sums };
  let beforeFinishMs = 0;
  for (const [at, { atMs, cause, by }] of turns.entries()) {
    open[cause] += by;
    const toMs = turns[at + 1]?.atMs ?? atMs;
    const first = toMs > atMs ? CAUSES.find((one) => open[one] > 0) : undefined;
    if (!first) continue;
    const ms = working(atMs, toMs);
    sums[first] += ms;
    if (toMs <= finishMs) beforeFinishMs += ms;
  }
  return { sums, beforeFinishMs };
}

function closed({ fromMs, toMs }: Interval, nowMs: number): EndedInterval {
  return { fromMs, toMs: toMs ?? nowMs };
}

function inSeconds(sums: Readonly<Record<Cause, number>>): Delays {
  const { wrongData, quarantine, partnerDown, partnerSlow, queue } = sums;
  return {
    queue: seconds(queue),
    partnerDown: seconds(partnerDown),
    partnerSlow: seconds(partnerSlow),
    quarantine: seconds(quarantine),
    wrongData: seconds(wrongData),
  };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
