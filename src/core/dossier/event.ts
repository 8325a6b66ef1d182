import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import { instantToMs } from '../dates/dates.ts';

/** One statement of a partner about a dossier, at the time of the event at the source. */
export interface DossierEvent {
  readonly kind: 'dossier' | 'progress';
  /** Event time at the source (instant). */
  readonly at: string;
  readonly status: Status;
  readonly party: string;
  /** Whether the hub applies the party's statement even where the transition table does not allow it. */
  readonly authoritative: boolean;
  /** Whether `at` was derived from the record's dates: a lower bound, which yields to events that carry a real time. */
  readonly inferred: boolean;
  /** The position in the order of recording, 1 for the first event of the dossier. */
  readonly seq: number;
  /**
   * The message that held the event, also while it waited in quarantine. Message ids grow in the order of arrival of a
   * dossier's messages. Absent where nothing waits.
   */
  readonly messageId?: string | undefined;
  /** Its position among the items of that message. */
  readonly item?: number | undefined;
  /** The party's complete record of the dossier. Present on events of kind `dossier`. */
  readonly record?: Dossier | undefined;
  /**
   * The members that this event may change if its party does not own the dossier (ownership.ts). Absent: all members. Then
   * the party was entitled to the dossier, or the event is older than the ownership rules.
   */
  readonly shared?: readonly string[] | undefined;
  /**
   * The number of the event that replaces this one: the same item of the same message, read by a code table that officers
   * corrected. Then this event has no effect.
   */
  readonly correctedBy?: number | undefined;
  /** When the hub recorded the event. An event time over a day later changes nothing; see isAheadOfTime. */
  readonly recordedAt?: string;
}

/** Why operators see an event: the hub stored it and applied it by the rules, but it is unexpected. */
export const ANOMALIES = [
  'same-time',
  'transition',
  'reopened',
  'reopened-without-reason',
  'ahead-of-time',
  'not-owner',
] as const;
export type Anomaly = (typeof ANOMALIES)[number];

/** Clocks of systems differ, and a date without a time may mean any hour of its day. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * Whether an event names a moment more than a day after the hub recorded it. The hub stores such an event without effect,
 * because one wrong year would make every real event older. It applies the event at its moment (`cause_kind` ahead-of-time).
 */
export function isAheadOfTime(at: string, recordedAt: string): boolean {
  return instantToMs(at) - instantToMs(recordedAt) > AHEAD_MS;
}

/** Whether an event named a moment far ahead when it was recorded. Instants compare as text. */
export function isPremature({ at, recordedAt }: Pick<DossierEvent, 'at' | 'recordedAt'>): boolean {
  return recordedAt !== undefined && at > recordedAt && isAheadOfTime(at, recordedAt);
}

/** An event as it was when the dossier had `seq` events: a later one had not corrected it. */
export function asOf<Event extends DossierEvent>(event: Event, seq: number): Event {
  return event.correctedBy !== undefined && event.correctedBy > seq ? { ...event, correctedBy: undefined } : event;
}

/** Whether an event counts in full: its party owns the dossier, or no ownership rule restricts it. */
export function isOwn({ party, shared }: Pick<DossierEvent, 'party' | 'shared'>, owner: string): boolean {
  return shared === undefined || party === owner;
}

export type OwnRecordEvent = DossierEvent & { readonly record: Dossier };

/** Whether an event is a complete record of the dossier's owner. */
export function isOwnRecord(event: DossierEvent, owner: string): event is OwnRecordEvent {
  return event.record !== undefined && isOwn(event, owner);
}

/** Whether an event can change the dossier's status or record: not corrected, not a mere claim, and not far ahead. */
export function counts(event: DossierEvent, owner: string): boolean {
  if (event.correctedBy !== undefined) return false;
  if (isPremature(event)) return false;
  if (isOwn(event, owner)) return true;
  const { record, shared = [] } = event;
  return record ? shared.length > 0 : shared.includes('status');
}
