import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { type Anomaly, type DossierEvent, type DossierView, fold, foldWith, inEventOrder, step } from './dossier.ts';

/** What the index holds of one dossier. */
export interface Held {
  readonly code: string;
  /** The party that first told of the dossier. */
  readonly owner: string;
  readonly view: DossierView;
  /** How many events are recorded; the place of the newest one in the order of recording. */
  readonly version: number;
  /** The latest event time recorded: what is later than this is in order. */
  readonly lastAt: string;
  /** Hash of the content of the newest whole record, to know its repetition without reading the history. */
  readonly contentHash: string;
}

export interface RecordedEvent extends DossierEvent {
  /** Hash of the canonical content: equal content, equal hash. */
  readonly hash: string;
  /** What the party said, as a canonical record; on all events of kind `progress`. */
  readonly said?: Dossier | Progress;
}

export interface Applied {
  readonly outcome: 'accepted' | 'duplicate' | 'stale';
  readonly held: Held;
  /** The event to record; absent for a duplicate. */
  readonly event?: RecordedEvent;
  /** Whether this event moved the current status, when it was recorded. */
  readonly movedStatus: boolean;
  /** Whether what readers see is different now, or what partners are told of it may be. */
  readonly changed: boolean;
  readonly anomaly?: Anomaly;
}

/** Whether `apply` needs the dossier's earlier events to judge this one. What is later than all of them does not. */
export function needsHistory(held: Held | undefined, incoming: Omit<RecordedEvent, 'seq'>): boolean {
  if (!held || incoming.at > held.lastAt) return false;
  return !repeatsNewest(held, incoming);
}

/**
 * What one event changes in one dossier. The result is the same whatever the order of arrival: an event in order is one
 * step onward, any other is judged by folding the whole history anew.
 *
 * @param events the dossier's earlier events, where `needsHistory` asked for them
 */
export function apply(
  held: Held | undefined,
  events: readonly RecordedEvent[],
  code: string,
  incoming: Omit<RecordedEvent, 'seq'>,
): Applied {
  const event: RecordedEvent = { ...incoming, seq: (held?.version ?? 0) + 1 };
  if (!held) return begin(code, event);
  if (incoming.at > held.lastAt) {
    const { view, moved, anomaly } = step(held.view, event);
    return recorded(held, event, view ?? held.view, {
      outcome: 'accepted',
      movedStatus: moved,
      // A step that is kept and not applied changes nothing that readers see.
      changed: moved || event.record !== undefined || event.status === held.view.status,
      anomaly,
    });
  }
  if (isKnown(held, events, incoming)) return { outcome: 'duplicate', held, movedStatus: false, changed: false };
  return insert(held, events, event);
}

/** Whether `apply` would find that an event with this content is recorded already. */
export function isKnown(
  held: Held,
  events: readonly RecordedEvent[],
  { kind, hash, at }: Omit<RecordedEvent, 'seq'>,
): boolean {
  if (at > held.lastAt) return false;
  if (kind === 'dossier' && hash === held.contentHash) return true;
  return events.some((known) => known.hash === hash && known.kind === kind);
}

/**
 * A step of a party that tells each in several ways. One that says nothing which a step of the same time and status lacks
 * has the content that this was told with, so that it counts as its repetition; one that says more is a step of its own.
 *
 * @param standIns members of the incoming step that the party said nothing for
 */
export function asFirstTold(
  events: readonly RecordedEvent[],
  incoming: Omit<RecordedEvent, 'seq'>,
  standIns: readonly string[] = [],
): Omit<RecordedEvent, 'seq'> {
  const { kind, at, status, party, said } = incoming;
  if (kind !== 'progress' || !said) return incoming;
  const first = events.find((known) => {
    if (known.kind !== kind || known.at !== at || known.status !== status || known.party !== party) return false;
    return known.said !== undefined && saysNoMore(said, standIns, known.said);
  });
  return first ? { ...incoming, hash: first.hash } : incoming;
}

/** Where the other has words of any kind, one that only stands in for missing ones adds nothing. */
export function saysNoMore(said: object, standIns: readonly string[], known: object): boolean {
  const other = new Map<string, unknown>(Object.entries(known));
  // Whatever code it came under, it is a step of the same dossier.
  return Object.entries(said).every(
    ([member, value]) =>
      member === 'code' || other.get(member) === value || (standIns.includes(member) && other.has(member)),
  );
}

function begin(code: string, event: RecordedEvent): Applied {
  const view = fold([event]);
  if (!view) throw new Error('a dossier begins with a whole record');
  const held: Held = { code, owner: event.party, view, version: 1, lastAt: event.at, contentHash: event.hash };
  return { outcome: 'accepted', held, event, movedStatus: true, changed: true };
}

function insert(held: Held, events: readonly RecordedEvent[], event: RecordedEvent): Applied {
  const { view = held.view, anomaly } = foldWith(events, event);
  const changed = JSON.stringify(view) !== JSON.stringify(held.view) || saysMore(events, event);
  const isLast = events.every((known) => inEventOrder(known, event) < 0);
  const isOlder = event.at < held.view.statusAt && !event.inferred;
  // An older event moves the status only where it shows that a later one, of a party without authority, went too far.
  const movedStatus = view.status !== held.view.status;
  return recorded(held, event, view, {
    outcome: isLast || movedStatus || (changed && !isOlder) ? 'accepted' : 'stale',
    movedStatus,
    changed,
    anomaly: anomaly ?? (hasRival(events, event) ? 'same-time' : undefined),
  });
}

/**
 * A record whose time was derived came in a dialect, and may say what the record has no place for. Where the last one
 * of them says something else there, it is told, also where readers see nothing new.
 */
function saysMore(events: readonly RecordedEvent[], event: RecordedEvent): boolean {
  if (!event.record || !event.inferred) return false;
  const known = events
    .filter(({ record, inferred }) => record && inferred)
    .sort(inEventOrder)
    .at(-1);
  if (known && inEventOrder(known, event) > 0) return false;
  return besidesIn(event.hash) !== besidesIn(known?.hash ?? '');
}

/** The part of a hash behind that of the record: what came besides. Empty where nothing did. */
function besidesIn(hash: string): string {
  return hash.slice(RECORD_HASH);
}

/** 32 bytes as base64, also where something follows them. */
const RECORD_HASH = 44;

function hasRival(events: readonly RecordedEvent[], event: RecordedEvent): boolean {
  return events.some(
    (known) => known.at === event.at && known.status !== event.status && !known.inferred && !event.inferred,
  );
}

function recorded(
  held: Held,
  event: RecordedEvent,
  view: DossierView,
  rest: Pick<Applied, 'outcome' | 'movedStatus' | 'changed'> & { anomaly: Anomaly | undefined },
): Applied {
  const { anomaly, ...result } = rest;
  const isLatest = event.at > held.lastAt;
  return {
    ...result,
    ...(anomaly && { anomaly }),
    event,
    held: {
      ...held,
      view,
      version: event.seq,
      lastAt: isLatest ? event.at : held.lastAt,
      contentHash: event.record ? event.hash : held.contentHash,
    },
  };
}

function repeatsNewest(held: Held, incoming: Omit<RecordedEvent, 'seq'>): boolean {
  return incoming.kind === 'dossier' && incoming.hash === held.contentHash;
}
