import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Erased } from '../erasure/erased.ts';
import type { Folded } from './cached-folding.ts';
import { claimedPaths, sharedOf } from './claims.ts';
import { type ContentId, isSameContent, NO_CONTENT } from './content-id.ts';
import { type Anomaly, counts, type DossierEvent, isOwn, isOwnRecord, isPremature } from './event.ts';
import { inEventOrder } from './event-order.ts';
import { fold, foldWith, step } from './fold.ts';
import { merge } from './merge.ts';
import { isSameJson } from './same-json.ts';
import { begin as beginFolding, type DossierView, type Folding, viewOf } from './state.ts';
import { isFurther, mayFollow } from './status.ts';

/** The index's data about one dossier. */
export interface IndexedDossier {
  readonly code: string;
  /** The owner of the dossier: the entitled party after its first record, before that the first sender. */
  readonly owner: string;
  readonly view: DossierView;
  /** The number of recorded events, which is the position of the newest one in the order of recording. */
  readonly version: number;
  /** The latest recorded event time. Any later event is in order. */
  readonly lastAt: string;
  /**
   * The content of the newest complete record, which identifies a repeat without reading the history. NO_CONTENT while all
   * records of the owner are far ahead.
   */
  readonly contentId: ContentId;
  /** Present if its personal data was erased. Nothing more is applied to it then. */
  readonly erased?: Erased | undefined;
}

export interface RecordedEvent extends DossierEvent {
  readonly contentId: ContentId;
  /** The party's statement as a canonical record. Set on all events of kind `progress`. */
  readonly said?: Dossier | Progress | undefined;
}

export interface Applied {
  readonly outcome: 'accepted' | 'duplicate' | 'stale';
  readonly held: IndexedDossier;
  /** The event to record. Absent for a duplicate. */
  readonly event?: RecordedEvent;
  /** Whether this event moved the current status when it was recorded. */
  readonly movedStatus: boolean;
  /** Whether readers see a difference, or partners may receive one. */
  readonly changed: boolean;
  readonly anomaly?: Anomaly | undefined;
  /** The event that this one replaces. Its row gets the number of the new event. */
  readonly corrected?: RecordedEvent | undefined;
  /** JSON Pointers of contradictions by a party that does not own the dossier. They change nothing. */
  readonly claimed?: readonly string[] | undefined;
}

/**
 * Whether `apply` needs the dossier's earlier events to judge this one. An event of the owner that is later than all
 * others needs none.
 */
export function needsHistory(held: IndexedDossier | undefined, incoming: Incoming): boolean {
  if (!held) return false;
  if (incoming.isCorrection) return true;
  if (takesOver(held, incoming)) return true;
  if (repeatsNewest(held, incoming)) return false;
  return (
    incoming.at <= held.lastAt ||
    !isOwn(incoming, held.owner) ||
    isPremature(incoming) ||
    isAllAhead(held) ||
    mayStandIn(held, incoming)
  );
}

/** Whether the dossier shows a record far ahead, because no other exists. The first real record replaces it. */
function isAllAhead({ contentId }: IndexedDossier): boolean {
  return isSameContent(contentId, NO_CONTENT);
}

/** Whether the step would end a wait, and may be a stand-in. Only the history shows whether it is one. */
function mayStandIn({ view: { status } }: IndexedDossier, incoming: Incoming): boolean {
  if (incoming.kind !== 'progress' || incoming.authoritative) return false;
  return mayFollow(status, incoming.status) && !isFurther(incoming.status, status);
}

/** An event before it has a position in the order of recording. */
export type Incoming = Omit<RecordedEvent, 'seq'> & {
  /** The party is entitled to the dossier, so its record makes it the owner. */
  readonly isEntitled?: boolean;
  /** It replaces the event of the same item of the same message. */
  readonly isCorrection?: boolean;
};

/** Whether a record makes its party the owner of a dossier that another party began: at its moment, as it counts from then. */
function takesOver(held: IndexedDossier, incoming: Incoming): boolean {
  return isOfNewOwner(held, incoming) && (!isPremature(incoming) || isAllAhead(held));
}

function isOfNewOwner({ owner }: IndexedDossier, { isEntitled, kind, party }: Incoming): boolean {
  return isEntitled === true && kind === 'dossier' && party !== owner;
}

/**
 * Applies one event to one dossier. The result does not depend on the order of arrival. Example: a dossier is `processing` since
 * 10:00. A step `resolved` of 11:00 is appended: the status moves. A record of 9:00 is inserted: the whole history is folded
 * again, so the record adds what later ones left out, and the status stays.
 *
 * @param events the dossier's earlier events in event order, if `needsHistory` asked for them
 * @param foldEvent folds them with one more event; that of a History is quick for many late events of one dossier
 */
export function apply(
  held: IndexedDossier | undefined,
  events: readonly RecordedEvent[],
  code: string,
  incoming: Incoming,
  foldEvent: (event: RecordedEvent, owner: string) => Folded = (event, owner) => foldWith(events, event, owner),
): Applied {
  if (incoming.isCorrection) return correct(held, events, incoming);
  const event: RecordedEvent = { seq: (held?.version ?? 0) + 1, ...incoming };
  if (!held) return begin(code, event);
  const { party } = event;
  if (takesOver(held, incoming)) return insert({ ...held, owner: party }, events, event, foldEvent(event, party));
  if (repeatsNewest(held, incoming)) return duplicate(held);
  if (!needsHistory(held, incoming)) return append(held, event);
  if (isKnown(held, events, incoming)) return duplicate(held);
  return insert(held, events, event, withDropped(held, events, event, foldEvent(event, held.owner)));
}

/** Applies an event of the owner that is later than all others. */
function append(held: IndexedDossier, event: RecordedEvent): Applied {
  const { view, moved, anomaly } = step(held.view, event, held.owner);
  return recorded(held, event, view ?? held.view, {
    outcome: 'accepted',
    movedStatus: moved,
    // A step that is stored without being applied changes nothing that readers see.
    changed: moved || event.record !== undefined || event.status === held.view.status,
    anomaly,
  });
}

/**
 * Replaces the event of an item by another reading of the item, at its place in event order and with the rights that it had. The
 * same reading, and an item that was never applied, change nothing.
 *
 * @throws if the dossier is unknown
 */
function correct(
  held: IndexedDossier | undefined,
  events: readonly RecordedEvent[],
  { isEntitled: _, isCorrection: __, ...incoming }: Incoming,
): Applied {
  if (!held) throw new Error('a correction needs its dossier');
  const corrected = correctedAmong(events, incoming);
  if (!corrected || isSameContent(corrected.contentId, incoming.contentId)) return duplicate(held);
  const { shared, authoritative } = corrected;
  const event: RecordedEvent = { ...incoming, seq: held.version + 1, shared, authoritative };
  const others = events.map((one) => (one === corrected ? { ...one, correctedBy: event.seq } : one));
  const view = fold([...others, event], held.owner);
  return { ...insert(held, others, event, withDropped(held, events, event, { view })), corrected };
}

/** The effective event of the same item of the same message. */
export function correctedAmong<Event extends RecordedEvent>(
  events: readonly Event[],
  { messageId, item, kind, party }: Pick<RecordedEvent, 'messageId' | 'item' | 'kind' | 'party'>,
): Event | undefined {
  return events.findLast(
    (one) =>
      one.messageId === messageId &&
      one.item === item &&
      one.kind === kind &&
      one.party === party &&
      one.correctedBy === undefined,
  );
}

function duplicate(held: IndexedDossier): Applied {
  return { outcome: 'duplicate', held, movedStatus: false, changed: false };
}

/**
 * Whether an event with this content is recorded already. A claim does not make the owner's own statement a repeat. An
 * event that was recorded far ahead is applied again at its moment.
 */
export function isKnown(held: IndexedDossier, events: readonly RecordedEvent[], incoming: Incoming): boolean {
  if (takesOver(held, incoming)) return false;
  const { kind, contentId, party } = incoming;
  if (repeatsNewest(held, incoming)) return true;
  return events.some(
    (known) =>
      known.kind === kind &&
      known.correctedBy === undefined &&
      isSameContent(known.contentId, contentId) &&
      (known.party === party || (isOwn(known, held.owner) && !isOfNewOwner(held, incoming))) &&
      (!isPremature(known) || isPremature(incoming)),
  );
}

/**
 * For a party that reports each step in several ways. A step that adds nothing to a known step of the same time and
 * status gets that step's content id, so it counts as a repeat. A step that adds something stays separate.
 *
 * @param standIns members of the incoming step that the adapter filled in
 */
export function withFirstContentId(
  events: readonly RecordedEvent[],
  incoming: Incoming,
  standIns: readonly string[] = [],
): Incoming {
  const { kind, at, status, party, said } = incoming;
  if (kind !== 'progress' || !said) return incoming;
  const first = events.find(
    (known) =>
      known.correctedBy === undefined &&
      known.kind === kind &&
      known.at === at &&
      known.status === status &&
      known.party === party &&
      known.said !== undefined &&
      addsNothing(said, standIns, known.said),
  );
  return first ? { ...incoming, contentId: first.contentId } : incoming;
}

/**
 * Whether one statement adds nothing to another. A stand-in adds nothing if the other has any words for that member.
 */
export function addsNothing(said: object, standIns: readonly string[], known: object): boolean {
  const other = new Map<string, unknown>(Object.entries(known));
  // The code may differ: both are steps of the same dossier.
  return Object.entries(said).every(
    ([member, value]) =>
      member === 'code' || other.get(member) === value || (standIns.includes(member) && other.has(member)),
  );
}

function begin(code: string, event: RecordedEvent): Applied {
  if (!isOwnRecord(event, event.party)) throw new Error('a dossier begins with a complete record');
  const view = viewOf(beginFolding(event));
  const isAhead = isPremature(event);
  const lastAt = isAhead ? (event.recordedAt ?? event.at) : event.at;
  const contentId = isAhead ? NO_CONTENT : event.contentId;
  const held: IndexedDossier = { code, owner: event.party, view, version: 1, lastAt, contentId };
  const anomaly = isAhead ? 'ahead-of-time' : undefined;
  return { outcome: 'accepted', held, event, movedStatus: true, changed: true, anomaly };
}

/**
 * Applies an event at its place among the earlier ones.
 *
 * @param events in event order. A dossier may have ten thousand and get a thousand late ones, so the last one is asked where possible.
 * @param folded the dossier with the event
 */
function insert(held: IndexedDossier, events: readonly RecordedEvent[], event: RecordedEvent, folded: Folded): Applied {
  const { owner, view: before } = held;
  const { view = before, anomaly } = folded;
  const own = isOwn(event, owner);
  const changed = !isSameJson(view, before) || (own && !isPremature(event) && hasNewContent(events, event));
  const last = events.at(-1);
  const isLast = lacksSome(held, events) ? event.at > held.lastAt : !last || inEventOrder(last, event) < 0;
  const isOlder = event.at < before.statusAt && !event.inferred && !isAllAhead(held);
  // An older event moves the status only if it shows that a later event of a party without authority was not allowed.
  const movedStatus = view.status !== before.status;
  const fillsOnly = !own && !event.authoritative && events.some((known) => isOwnRecordAt(known, event.at, owner));
  const claimed = isPremature(event) ? [] : claimedPaths(event, view, owner, fillsOnly);
  const isNews = isLast || movedStatus || (changed && !isOlder) || claimed.length > 0;
  return recorded({ ...held, lastAt: lastOf(events, event, held) }, event, view, {
    outcome: isNews ? 'accepted' : 'stale',
    movedStatus,
    changed,
    anomaly: anomalyOf(event, claimed) ?? anomaly ?? (own && hasRival(events, event) ? 'same-time' : undefined),
    claimed: claimed.length > 0 ? claimed : undefined,
  });
}

/** Whether earlier events of the dossier are gone with dropped months. */
function lacksSome({ version }: IndexedDossier, events: readonly RecordedEvent[]): boolean {
  return events.length !== version;
}

/** The folded dossier, with the members and the status that only events of dropped months gave. */
function withDropped(
  held: IndexedDossier,
  events: readonly RecordedEvent[],
  event: RecordedEvent,
  folded: Folded,
): Folded {
  if (!lacksSome(held, events)) return folded;
  const { view } = folded;
  const left = fold(events, held.owner);
  const isFromLeft = left?.status === held.view.status && left.statusAt === held.view.statusAt;
  if (!view || !isFromLeft) return overHeld(held, event);
  return { ...folded, view: { ...view, record: merge(held.view.record, view.record) } };
}

/** Applies an event to the held view: a later one changes it, and an older one only adds missing members. */
function overHeld({ owner, view, lastAt, version }: IndexedDossier, event: RecordedEvent): Folded {
  if (!counts(event, owner)) return { view };
  const { record: known, status, statusAt, inferred } = view;
  const isLater = event.at >= lastAt && inEventOrder({ at: statusAt, status, inferred, seq: version }, event) < 0;
  // At the time of the held status the owner decides.
  const folding: Folding = { ...view, ownStatusAt: statusAt, ownRecordAt: statusAt };
  if (isLater) return step(folding, event, owner);
  if (!event.record) return { view };
  const record = isOwn(event, owner) ? merge(event.record, known) : merge(known, sharedOf(event, known, true));
  return { view: { ...view, record } };
}

function isOwnRecordAt(event: RecordedEvent, at: string, owner: string): boolean {
  return event.at === at && isOwnRecord(event, owner) && counts(event, owner);
}

/** The latest time among the effective events. An event far ahead does not count, nor do those of an earlier owner. */
function lastOf(events: readonly RecordedEvent[], event: RecordedEvent, held: IndexedDossier): string {
  const { owner, lastAt } = held;
  const known = events.findLast((one) => counts(one, owner))?.at;
  const last = known ?? (counts(event, owner) ? event.at : lastAt);
  // Without the time of recording nobody knows which events are far ahead, so a later held time stays. So does that of a
  // dropped month.
  const isKept = events[0]?.recordedAt === undefined || lacksSome(held, events);
  return isKept && lastAt > last ? lastAt : last;
}

function anomalyOf(event: RecordedEvent, claimed: readonly string[]): Anomaly | undefined {
  if (isPremature(event)) return 'ahead-of-time';
  return claimed.length > 0 ? 'not-owner' : undefined;
}

/**
 * A record with a derived time came in a dialect, and may hold content outside the canonical record. If that content
 * differs from the last such record, partners receive it, although readers see nothing new.
 */
function hasNewContent(events: readonly RecordedEvent[], event: RecordedEvent): boolean {
  if (!event.record || !event.inferred) return false;
  const known = events.findLast(({ record, inferred, correctedBy }) => record && inferred && correctedBy === undefined);
  if (known && inEventOrder(known, event) > 0) return false;
  return event.contentId.extra !== known?.contentId.extra;
}

function hasRival(events: readonly RecordedEvent[], event: RecordedEvent): boolean {
  return events.some(
    (known) =>
      known.correctedBy === undefined &&
      known.at === event.at &&
      known.status !== event.status &&
      !known.inferred &&
      !event.inferred,
  );
}

function recorded(
  held: IndexedDossier,
  event: RecordedEvent,
  view: DossierView,
  rest: Pick<Applied, 'outcome' | 'movedStatus' | 'changed' | 'claimed'> & { anomaly: Anomaly | undefined },
): Applied {
  const moves = counts(event, held.owner);
  return {
    event,
    held: {
      ...held,
      view,
      version: event.seq,
      lastAt: moves && event.at > held.lastAt ? event.at : held.lastAt,
      contentId: moves && event.record && isOwn(event, held.owner) ? event.contentId : held.contentId,
    },
    ...rest,
  };
}

/**
 * Whether the content equals the newest complete record. Counts for other parties too: a copy of the owner's record
 * claims nothing, unless its party is to own the dossier.
 */
function repeatsNewest(held: IndexedDossier, incoming: Incoming): boolean {
  return (
    incoming.kind === 'dossier' && isSameContent(incoming.contentId, held.contentId) && !isOfNewOwner(held, incoming)
  );
}
