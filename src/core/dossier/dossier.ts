import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import { instantToMs } from '../dates/dates.ts';
import { withoutMasksOf } from '../masking/masked-record.ts';
import { withoutMaskOf } from '../masking/masking.ts';
import { mayFollow, progressOf } from './status.ts';

/** One thing that a partner told about a dossier, at the time at which it happened at the source. */
export interface DossierEvent {
  readonly kind: 'dossier' | 'progress';
  /** Event time at the source (instant). */
  readonly at: string;
  readonly status: Status;
  readonly party: string;
  /** Whether the party owns the truth: what it says is applied even where the transition table would not allow it. */
  readonly authoritative: boolean;
  /** Whether `at` was derived from the record's dates: a lower bound, which yields to events that carry a real time. */
  readonly inferred: boolean;
  /** The place in the order of recording, 1 for the first event of the dossier. */
  readonly seq: number;
  /**
   * The message in which it came, also where it waited there for a person: ids of messages grow in the order in which a
   * dossier's messages came. Absent where nothing waits.
   */
  readonly messageId?: string;
  /** Its place among the items of that message. */
  readonly item?: number;
  /** What the party said of the whole dossier; on events of kind `dossier`. */
  readonly record?: Dossier;
  /**
   * The members that this event may change if its party does not own the dossier (core/ownership). Absent: all, for the
   * party was entitled to the dossier, or the event is older than the rules of ownership.
   */
  readonly shared?: readonly string[];
  /** When the hub recorded it. A moment more than a day later decides nothing; see isAheadOfTime. */
  readonly recordedAt?: string;
}

/** Why an event is shown to the operators: kept and applied as far as the rules go, but not what is expected. */
export const ANOMALIES = [
  'same-time',
  'transition',
  'reopened',
  'reopened-without-reason',
  'ahead-of-time',
  'not-owner',
] as const;
export type Anomaly = (typeof ANOMALIES)[number];

/** Clocks of systems differ, and a date alone may stand for any hour of its day. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * Whether an event names a moment more than a day after the hub recorded it. Such an event is kept and changes nothing: one
 * wrong year would make everything real older. When its moment comes, the hub applies it (`cause_kind` ahead-of-time).
 */
export function isAheadOfTime(at: string, recordedAt: string): boolean {
  return instantToMs(at) - instantToMs(recordedAt) > AHEAD_MS;
}

/** Whether an event named a moment far ahead when it was recorded. Texts of instants compare like the instants. */
export function isPremature({ at, recordedAt }: Pick<DossierEvent, 'at' | 'recordedAt'>): boolean {
  return recordedAt !== undefined && at > recordedAt && isAheadOfTime(at, recordedAt);
}

/** Whether an event counts in full: its party owns the dossier, or nothing restricts what it says. */
export function isOwn({ party, shared }: Pick<DossierEvent, 'party' | 'shared'>, owner: string): boolean {
  return shared === undefined || party === owner;
}

type WithRecord = DossierEvent & { readonly record: Dossier };

function isOwnRecord(event: DossierEvent, owner: string): event is WithRecord {
  return event.record !== undefined && isOwn(event, owner);
}

/** Whether an event can change the dossier's status or record: it is no mere claim, and its moment was not far ahead. */
export function counts(event: DossierEvent, owner: string): boolean {
  if (isPremature(event)) return false;
  if (isOwn(event, owner)) return true;
  const { record, shared = [] } = event;
  return record ? shared.length > 0 : shared.includes('status');
}

/** What says where an event stands among those of its dossier. */
export type EventPlace = Pick<DossierEvent, 'at' | 'inferred' | 'status' | 'seq' | 'messageId' | 'item'>;

/** A dossier as its events, in the order of event time, tell it. */
export interface DossierView {
  readonly record: Dossier;
  readonly status: Status;
  readonly statusAt: string;
  readonly inferred: boolean;
}

export interface Step {
  readonly view: DossierView | undefined;
  readonly moved: boolean;
  readonly anomaly?: Anomaly;
}

/**
 * The state of a dossier by all of its events. The order in which they were recorded does not matter.
 *
 * @param owner the party that owns the dossier; what others say counts as far as their events may share it
 */
export function fold(events: readonly DossierEvent[], owner = firstTeller(events)): DossierView | undefined {
  return viewOf(folded(events, owner));
}

/** The party of the record that was recorded first: the owner where nobody is entitled. */
function firstTeller(events: readonly DossierEvent[]): string {
  const records = events.filter(({ record }) => record);
  return records.reduce<DossierEvent | undefined>((a, b) => (a && a.seq <= b.seq ? a : b), undefined)?.party ?? '';
}

/** A view while events are folded, with the moments of the owner's last record and status: at these the owner decides. */
export interface Folding extends DossierView {
  readonly ownStatusAt?: string;
  readonly ownRecordAt?: string;
}

export function viewOf(view: Folding | undefined): DossierView | undefined {
  return view && { record: view.record, status: view.status, statusAt: view.statusAt, inferred: view.inferred };
}

function folded(events: readonly DossierEvent[], owner: string): Folding | undefined {
  const sorted = [...events].sort(inEventOrder);
  const counting = sorted.filter((event) => counts(event, owner));
  const at = counting.findIndex((event) => isOwnRecord(event, owner));
  const first = counting[at];
  if (!first || !isOwnRecord(first, owner)) return foldedWithoutPast(sorted, counting, owner);
  let view = begin(first, counting[at - 1]);
  for (const event of counting.slice(at + 1)) view = change(view, event, owner).view;
  return view;
}

/**
 * The folding after one event more in event order; undefined before the owner's first record.
 *
 * @param before the event before it that counts
 */
export function advance(
  view: Folding | undefined,
  event: DossierEvent,
  owner: string,
  before: DossierEvent | undefined,
): Omit<Step, 'view'> & { readonly view: Folding | undefined } {
  if (view || !isOwnRecord(event, owner) || !counts(event, owner)) return next(view, event, owner);
  return { view: begin(event, before), moved: true };
}

/** A dossier whose records all name a moment far ahead: the first is all there is, and every real event is newer. */
function foldedWithoutPast(
  sorted: readonly DossierEvent[],
  counting: readonly DossierEvent[],
  owner: string,
): Folding | undefined {
  const first = sorted.find((event) => isOwnRecord(event, owner));
  return first && counting.reduce<Folding>((view, event) => change(view, event, owner).view, begin(first));
}

/**
 * The same with one event more, and what it shows where it stands. Of events that are in their order already it takes half:
 * a thousand steps of one dossier that come late are a thousand histories.
 */
export function foldWith(
  events: readonly DossierEvent[],
  event: DossierEvent,
  owner = firstTeller(events),
): { readonly view: DossierView | undefined; readonly anomaly?: Anomaly } {
  const sorted = [...events].sort(inEventOrder);
  const later = sorted.findIndex((known) => inEventOrder(known, event) > 0);
  const rest = later < 0 ? [] : sorted.slice(later);
  const before = folded(later < 0 ? sorted : sorted.slice(0, later), owner);
  const { view, anomaly } = next(before, event, owner);
  // Before the owner's first record there is nothing to go on from.
  const earlier = later < 0 ? sorted : sorted.slice(0, later);
  if (!earlier.some((one) => one.record && isOwn(one, owner) && counts(one, owner)))
    return { view: fold([...sorted, event], owner), ...(anomaly && { anomaly }) };
  const end = rest.reduce((seen, one) => next(seen, one, owner).view, view);
  return { view: viewOf(end), ...(anomaly && { anomaly }) };
}

/** Steps before the first whole record are history only, but for one of the same moment that is as far or further. */
function begin(first: WithRecord, before?: DossierEvent): Folding {
  const told = before && before.at === first.at && !isFurther(first.status, before.status) ? before : first;
  const own = { ownStatusAt: told.at, ownRecordAt: first.at };
  return {
    record: withStatus(first.record, told),
    status: told.status,
    statusAt: told.at,
    inferred: told.inferred,
    ...own,
  };
}

/**
 * Order by the source's time. At the same time real times come before derived ones; of two real ones the status that is
 * less far along comes first (so that the further one wins). Two derived times keep the order in which they came: neither
 * says which was first. What waited for a person came before what was told meanwhile, and takes nothing of that back.
 */
export function inEventOrder(a: EventPlace, b: EventPlace): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.inferred !== b.inferred) return a.inferred ? 1 : -1;
  if (a.inferred) return inOrderOfArrival(a, b);
  return progressOf(a.status) - progressOf(b.status) || inOrderOfArrival(a, b);
}

function inOrderOfArrival(a: EventPlace, b: EventPlace): number {
  if (a.messageId === undefined || b.messageId === undefined) return a.seq - b.seq;
  if (a.messageId !== b.messageId) return a.messageId < b.messageId ? -1 : 1;
  return (a.item ?? 0) - (b.item ?? 0) || a.seq - b.seq;
}

/** Apply the next event in event order. */
export function step(view: DossierView | undefined, event: DossierEvent, owner = event.party): Step {
  const { view: after, ...rest } = next(view, event, owner);
  return { view: viewOf(after), ...rest };
}

function next(
  view: Folding | undefined,
  event: DossierEvent,
  owner: string,
): Omit<Step, 'view'> & { readonly view: Folding | undefined } {
  if (view) return change(view, event, owner);
  return isOwnRecord(event, owner) ? { view: begin(event), moved: true } : { view: undefined, moved: false };
}

function change(view: Folding, event: DossierEvent, owner: string): Omit<Step, 'view'> & { readonly view: Folding } {
  if (!counts(event, owner)) return { view, moved: false };
  if (!isOwn(event, owner)) return shareIn(view, event);
  const record = event.record ? merge(view.record, event.record) : view.record;
  const { moves, anomaly } = transition(view, event);
  const ownRecordAt = event.record ? event.at : view.ownRecordAt;
  return {
    view: withEvent(view, event, record, moves, { ownStatusAt: event.at, ownRecordAt }),
    moved: moves,
    ...(anomaly && { anomaly }),
  };
}

function withEvent(
  view: Folding,
  event: DossierEvent,
  record: Dossier,
  moves: boolean,
  {
    ownStatusAt,
    ownRecordAt,
  }: { readonly ownStatusAt?: string | undefined; readonly ownRecordAt?: string | undefined },
): Folding {
  if (!moves && event.status !== view.status)
    return {
      ...view,
      record: withStatus(record, { status: view.status, at: view.statusAt }),
      ...(ownRecordAt !== undefined && { ownRecordAt }),
    };
  return {
    record: withStatus(record, event),
    status: event.status,
    statusAt: event.at,
    inferred: staysInferred(view, event),
    ...(ownStatusAt !== undefined && { ownStatusAt }),
    ...(ownRecordAt !== undefined && { ownRecordAt }),
  };
}

/**
 * What a party that does not own the dossier may change of it. At the moment of a record or a status of the owner it only
 * adds what the owner did not say, unless its word stands.
 */
function shareIn(view: Folding, event: DossierEvent): Omit<Step, 'view'> & { readonly view: Folding } {
  const { ownStatusAt, ownRecordAt } = view;
  const fillsOnly = event.at === ownRecordAt && !event.authoritative;
  const record = event.record ? merge(view.record, sharedOf(event, view.record, fillsOnly)) : view.record;
  const own = { ownStatusAt, ownRecordAt };
  if (!event.shared?.includes('status'))
    return { view: { ...view, record: withStatus(record, { status: view.status, at: view.statusAt }) }, moved: false };
  if (event.at === ownStatusAt && event.status !== view.status && !event.authoritative)
    return {
      view: { ...view, record: withStatus(record, { status: view.status, at: view.statusAt }) },
      moved: false,
      anomaly: 'same-time',
    };
  const { moves, anomaly } = transition(view, event);
  return { view: withEvent(view, event, record, moves, own), moved: moves, ...(anomaly && { anomaly }) };
}

/** The dates that belong to a status are shared with it. */
const WITH_STATUS = ['finishedAt', 'returnedAt', 'refusedAt'];

/** Whether a value says something that another lacks: an object that mentions less than another says nothing else. */
function saysOther(value: unknown, known: unknown): boolean {
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    typeof known !== 'object' ||
    known === null
  )
    return JSON.stringify(value) !== JSON.stringify(known);
  return Object.entries(value).some(([member, one]) => saysOther(one, (known as Record<string, unknown>)[member]));
}

/** The members of a record that its event may change: the others stay as they are. */
function sharedOf({ record, shared = [] }: DossierEvent, known: Dossier, fillsOnly: boolean): Dossier {
  const members = shared.includes('status') ? [...shared, ...WITH_STATUS] : shared;
  const given = Object.entries(record ?? {}).filter(
    ([member]) =>
      (members.includes(member) || (member === 'aliases' && members.length > 0)) &&
      !(fillsOnly && member in known && member !== 'aliases'),
  );
  return { ...Object.fromEntries(given), code: known.code } as Dossier;
}

/**
 * The members of an event that say something else than the dossier's view and do not count, as JSON Pointers: what a party
 * claims of a dossier that it does not own.
 */
export function claimedPaths(
  event: DossierEvent & { readonly said?: object },
  view: DossierView,
  owner: string,
): readonly string[] {
  if (isOwn(event, owner)) return [];
  const { shared = [] } = event;
  if (!event.record) return shared.includes('status') ? [] : ['/status'];
  const members = shared.includes('status') ? [...shared, 'statusAt', ...WITH_STATUS] : shared;
  const known: Readonly<Record<string, unknown>> = { ...view.record };
  return Object.entries(event.record)
    .filter(
      ([member, value]) =>
        !['code', 'aliases'].includes(member) && !members.includes(member) && saysOther(value, known[member]),
    )
    .filter(([member]) => member !== 'statusAt' || event.status !== view.status)
    .map(([member]) => `/${member}`);
}

function transition(view: DossierView, event: DossierEvent): { moves: boolean; anomaly?: Anomaly } {
  if (event.status === view.status) return { moves: false };
  const allowed = mayFollow(view.status, event.status);
  const sameTime = event.at === view.statusAt;
  const further = isFurther(event.status, view.status);
  if (sameTime && !event.inferred) return { moves: true, anomaly: 'same-time' };
  // A derived time says only "not before": at that time it can add a further step, not take a real one back.
  if (sameTime && !further) return { moves: allowed && view.inferred };
  if (allowed) return { moves: true };
  return { moves: event.authoritative, anomaly: mayFollowNothing(view.status) ? reopening(view, event) : 'transition' };
}

/**
 * An end may be taken back by a correction that says why (domain 6.2 e). No member of the records is a reason by name:
 * a step says what was done and by whom, a whole record nothing but by a note that was not there before. Whether that
 * explains it is for a person to judge; refusing it would freeze the dossier at readers.
 */
function reopening({ record: { note } }: DossierView, { kind, record }: DossierEvent): Anomaly {
  const saysWhy = kind === 'progress' || (record?.note !== undefined && record.note !== note);
  return saysWhy ? 'reopened' : 'reopened-without-reason';
}

function staysInferred(view: DossierView, event: DossierEvent): boolean {
  return event.inferred && (view.inferred || event.at !== view.statusAt || event.status !== view.status);
}

function isFurther(status: Status, than: Status): boolean {
  return progressOf(status) > progressOf(than);
}

function mayFollowNothing(status: Status): boolean {
  return status === 'refused' || status === 'withdrawn' || status === 'returned';
}

function withStatus(record: Dossier, { status, at }: { status: Status; at: string }): Dossier {
  return record.status === status && record.statusAt === at ? record : { ...record, status, statusAt: at };
}

/**
 * A newer record over an older one: what the newer one does not mention stays, codes are only ever added, and a name or a
 * number is not lost to its own mask, also where a text speaks of it.
 */
function merge(older: Dossier, newer: Dossier): Dossier {
  const merged: Dossier = { ...older, ...newer, code: older.code };
  if (older.applicant && newer.applicant) {
    merged.applicant = { ...older.applicant, ...withoutMaskOf(older.applicant, newer.applicant) };
  }
  Object.assign(merged, withoutMasksOf(older, newer));
  const aliases = unionOfAliases(older.aliases, newer.aliases);
  if (aliases) merged.aliases = aliases;
  return merged;
}

function unionOfAliases(older: Dossier['aliases'], newer: Dossier['aliases']): Dossier['aliases'] {
  if (!older || !newer) return older ?? newer;
  const known = aliasNames(older);
  const added = newer.filter((alias) => !known.has(aliasName(alias)));
  if (added.length === 0) return older;
  const union = [...older, ...added];
  // A record that gains aliases with each of a thousand events would make the whole set again for each.
  nameSets.delete(older);
  nameSets.set(union, known);
  for (const alias of added) known.add(aliasName(alias));
  return union;
}

type Alias = NonNullable<Dossier['aliases']>[number];

/** What an alias is known by: its code under its party. */
export function aliasName({ party, code }: Alias): string {
  return `${party} ${code}`;
}

const nameSets = new WeakMap<readonly Alias[], Set<string>>();

/** The names of a record's aliases, made once for each list. A list must not change. */
export function aliasNames(aliases: readonly Alias[]): Set<string> {
  const known = nameSets.get(aliases) ?? new Set(aliases.map(aliasName));
  nameSets.set(aliases, known);
  return known;
}
