import { isSameJson } from '../dossier/same-json.ts';
import type { Erased } from '../erasure/erased.ts';
import { HELD_STATE, type Kind, type KindRecord, OFFICERS } from './kind.ts';
import { merge, pick } from './merge.ts';

/** The members that an event may change: all, the shared ones, or none if another party owns the record. */
export type Reach = 'all' | 'shared' | 'none';

/** One thing that a party said of a record. */
export interface KindEvent {
  /** The place in the order of recording, from 1. */
  readonly seq: number;
  readonly party: string;
  readonly reach: Reach;
  /** Identifies the content: equal content has an equal id. */
  readonly contentId: string;
  readonly record: KindRecord;
  /** An operator must decide before the record is forwarded or published. */
  readonly isHeld: boolean;
  /** An operator decided: the record is held no more. */
  readonly isJudged: boolean;
}

/** A record as the index holds it. */
export interface IndexedRecord {
  readonly code: string;
  /** The party that sent it first. */
  readonly owner: string;
  /** How many events are recorded. */
  readonly version: number;
  /** The record as readers see it. */
  readonly view: KindRecord;
  readonly isHeld: boolean;
  /** Present if its personal data was erased. Nothing more is applied to it then. */
  readonly erased?: Erased | undefined;
}

export interface AppliedRecord {
  readonly outcome: 'accepted' | 'duplicate' | 'stale';
  readonly held: IndexedRecord;
  /** The event to store; absent for a repeat. */
  readonly event: KindEvent | undefined;
  readonly movedState: boolean;
  /** Whether readers see a difference. */
  readonly changed: boolean;
  /** Members that another party owns and that this one said otherwise: JSON Pointers. */
  readonly claimed: readonly string[];
  /** The state that may not follow the present one, where that kept the event from counting. */
  readonly refusedState: string | undefined;
}

export type Complete = (kind: Kind, record: KindRecord) => KindRecord;

interface Incoming extends Omit<KindEvent, 'seq'> {
  /** Its source gives no time, so that words said before may be news: it repeats an event if it changes nothing. */
  readonly isUndated?: boolean;
}

/**
 * Applies one event to a record. The result does not depend on the order of arrival: the whole history is folded in the
 * order of event times.
 *
 * @param events the earlier events of the record, in the order of recording
 * @param complete adds the members that the hub computes, such as the day by which a record is due
 */
export function applyToRecord(
  kind: Kind,
  complete: Complete,
  held: IndexedRecord | undefined,
  events: readonly KindEvent[],
  { isUndated = false, ...incoming }: Incoming,
): AppliedRecord {
  const isRepeat = held !== undefined && !isOfficersHold(incoming) && repeats(events, incoming);
  if (isRepeat && !isUndated) return repeated(held);
  const ordered: KindEvent = { seq: (held?.version ?? 0) + 1, ...incoming };
  const now = foldRecord(kind, complete, [...events, ordered]);
  if (isRepeat && isSameJson(held.view, now.view)) return repeated(held);
  const { code, state, stateAt } = now.view;
  const event = isOfficersHold(ordered) ? { ...ordered, record: { ...ordered.record, state } } : ordered;
  const owner = held?.owner ?? event.party;
  const changed = held === undefined || !isSameJson(held.view, now.view) || (held.isHeld && !now.isHeld);
  const movedState = held?.view.state !== state;
  const claimed = claimedMembers(kind, event, now.view);
  const isOlder = held !== undefined && event.record.stateAt < stateAt;
  const isIgnored = now.refused.has(event.seq);
  const isStale = (isOlder && !movedState && claimed.length === 0) || isIgnored;
  return {
    outcome: isStale ? 'stale' : 'accepted',
    held: { code, owner, version: event.seq, view: now.view, isHeld: now.isHeld },
    event,
    movedState,
    changed,
    claimed,
    refusedState: isIgnored ? event.record.state : undefined,
  };
}

/** Whether this content is recorded already. A decision of an operator is news, although it repeats the content. */
export function repeats(
  events: readonly KindEvent[],
  { contentId, party, isJudged }: Pick<KindEvent, 'contentId' | 'party' | 'isJudged'>,
): boolean {
  const owner = events[0]?.party;
  return events.some(
    (known) =>
      known.contentId === contentId &&
      (known.party === party || known.party === owner) &&
      (!isJudged || known.isJudged || !known.isHeld),
  );
}

function repeated(held: IndexedRecord): AppliedRecord {
  const unchanged = { movedState: false, changed: false, claimed: [], refusedState: undefined };
  return { outcome: 'duplicate', held, event: undefined, ...unchanged };
}

interface Folded extends Pick<IndexedRecord, 'view' | 'isHeld'> {
  /** Events whose state may not follow the state before them. */
  readonly refused: ReadonlySet<number>;
}

/**
 * The record after these events, in the order of their times. The first recorded event is its owner's and begins it.
 *
 * @param events at least one, in the order of recording
 */
export function foldRecord(kind: Kind, complete: Complete, events: readonly KindEvent[]): Folded {
  const [first] = events as readonly [KindEvent, ...KindEvent[]];
  const refused = new Set<number>();
  let view: KindRecord | undefined;
  for (const event of inOrder(kind, events)) {
    const { reach } = event;
    if (reach === 'none' || isOfficersHold(event)) continue;
    const said = withoutHold(kind, event, view);
    if (view && !(mayFollow(kind, view.state, said.state) && mayHold(event))) {
      refused.add(event.seq);
      continue;
    }
    // A report leaves members out, even if it is older than the first event.
    const known: KindRecord = view ?? first.record;
    view = merge(kind, known, reach === 'all' ? said : pick(said, [...kind.shared, ...STATE]));
  }
  const holding = holdingEvent(events);
  const shown = complete(kind, view ?? first.record);
  if (!holding) return { view: shown, isHeld: false, refused };
  const stateAt = isOfficersHold(holding) ? holding.record.stateAt : shown.stateAt;
  return { view: { ...shown, state: HELD_STATE, stateAt }, isHeld: true, refused };
}

const STATE = ['state', 'stateAt'];

function mayFollow({ mayFollow: rule }: Kind, from: string, to: string): boolean {
  return from === to || rule === undefined || rule(from, to);
}

/**
 * What an event says, without the order of its sender to hold the record. That is no state of its course: the release brings
 * back the state before, or lets the record begin.
 */
function withoutHold({ states }: Kind, event: KindEvent, before: KindRecord | undefined): KindRecord {
  if (!isSendersHold(event)) return event.record;
  return { ...event.record, state: before?.state ?? (states[0] as string) };
}

function isSendersHold({ isHeld, record, party }: Pick<KindEvent, 'isHeld' | 'record' | 'party'>): boolean {
  return isHeld && record.state === HELD_STATE && party !== OFFICERS;
}

/** Only the owner and officers hold a record: the claim of another party must not hide it. */
function mayHold({ reach, record }: KindEvent): boolean {
  return reach === 'all' || record.state !== HELD_STATE;
}

/**
 * The event that holds the record, if any. Once held, a record stays held until an operator decides. After that no rule of its
 * kind holds it again. An officer and its sender may.
 */
function holdingEvent(events: readonly KindEvent[]): KindEvent | undefined {
  const decided = events.findLast(({ isJudged }) => isJudged)?.seq ?? 0;
  const isHoldOrder = (event: KindEvent): boolean => isOfficersHold(event) || isSendersHold(event);
  const holding = events.filter(({ isHeld, isJudged }) => isHeld && !isJudged);
  return holding.findLast((event) => (isHoldOrder(event) ? event.seq > decided : decided === 0));
}

/** An officer's order to hold the record, or the release from it. Neither says anything else of the record. */
function isOfficersHold({ party, isHeld }: Pick<KindEvent, 'party' | 'isHeld'>): boolean {
  return party === OFFICERS && isHeld;
}

/** By the source's time; at one time by the order of the states, then of recording. */
function inOrder({ states }: Kind, events: readonly KindEvent[]): readonly KindEvent[] {
  return [...events].sort((one, other) => {
    if (one.record.stateAt !== other.record.stateAt) return one.record.stateAt < other.record.stateAt ? -1 : 1;
    return states.indexOf(one.record.state) - states.indexOf(other.record.state) || one.seq - other.seq;
  });
}

/** What a party that does not own the record said otherwise. */
function claimedMembers(kind: Kind, { reach, record }: KindEvent, view: KindRecord): readonly string[] {
  if (reach === 'all') return [];
  const own = reach === 'shared' ? [...kind.shared, ...STATE] : [];
  const shown: Readonly<Record<string, unknown>> = { ...view };
  return Object.entries(record)
    .filter(([name, value]) => !own.includes(name) && !isSameJson(value, shown[name]))
    .map(([name]) => `/${name}`);
}
