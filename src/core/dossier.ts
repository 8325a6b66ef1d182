import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import { instantToMs } from './dates.ts';
import { maskMentions, withoutMaskOf } from './masking.ts';
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
}

/** Why an event is shown to the operators: kept and applied as far as the rules go, but not what is expected. */
export const ANOMALIES = ['same-time', 'transition', 'reopened', 'reopened-without-reason', 'ahead-of-time'] as const;
export type Anomaly = (typeof ANOMALIES)[number];

/** Clocks of systems differ, and a date alone may stand for any hour of its day. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * Whether an event says that it happened more than a day after it was told. It counts as it was told: nobody knows what was
 * meant. But until that moment comes, what its dossier is told of the present counts as older.
 */
export function isAheadOfTime(at: string, receivedAt: string): boolean {
  return instantToMs(at) - instantToMs(receivedAt) > AHEAD_MS;
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

/** What a dossier is once all of its events are known. The order in which they were recorded does not matter. */
export function fold(events: readonly DossierEvent[]): DossierView | undefined {
  const sorted = [...events].sort(inEventOrder);
  const first = sorted.findIndex((event) => event.record);
  if (first < 0) return undefined;
  let view = begin(sorted[first]!, sorted[first - 1]);
  for (const event of sorted.slice(first + 1)) view = step(view, event).view!;
  return view;
}

/**
 * The same with one event more, and what it shows where it stands. Of events that are in their order already it takes half:
 * a thousand steps of one dossier that come late are a thousand histories.
 */
export function foldWith(
  events: readonly DossierEvent[],
  event: DossierEvent,
): { readonly view: DossierView | undefined; readonly anomaly?: Anomaly } {
  const sorted = [...events].sort(inEventOrder);
  const later = sorted.findIndex((known) => inEventOrder(known, event) > 0);
  const rest = later < 0 ? [] : sorted.slice(later);
  const before = fold(later < 0 ? sorted : sorted.slice(0, later));
  const { view, anomaly } = step(before, event);
  if (!before) return { view: fold([...sorted, event]), ...(anomaly && { anomaly }) };
  return { view: rest.reduce((seen, one) => step(seen, one).view, view), ...(anomaly && { anomaly }) };
}

/** Steps before the first whole record are history only, but for one of the same moment that is as far or further. */
function begin(first: DossierEvent, before?: DossierEvent): DossierView {
  const told = before && before.at === first.at && !isFurther(first.status, before.status) ? before : first;
  return { record: withStatus(first.record!, told), status: told.status, statusAt: told.at, inferred: told.inferred };
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
export function step(view: DossierView | undefined, event: DossierEvent): Step {
  if (!view) return event.record ? { view: begin(event), moved: true } : { view: undefined, moved: false };
  const record = event.record ? merge(view.record, event.record) : view.record;
  const { moves, anomaly } = transition(view, event);
  const next: DossierView =
    moves || event.status === view.status
      ? {
          record: withStatus(record, event),
          status: event.status,
          statusAt: event.at,
          inferred: staysInferred(view, event),
        }
      : { ...view, record: withStatus(record, { status: view.status, at: view.statusAt }) };
  return { view: next, moved: moves, ...(anomaly && { anomaly }) };
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
  for (const member of ['abstract', 'note'] as const) {
    const [known, told] = [older[member], newer[member]];
    if (known !== undefined && told?.includes('*') && older.applicant && maskMentions(known, older.applicant) === told)
      merged[member] = known;
  }
  const aliases = unionOfAliases(older.aliases, newer.aliases);
  if (aliases) merged.aliases = aliases;
  return merged;
}

function unionOfAliases(older: Dossier['aliases'], newer: Dossier['aliases']): Dossier['aliases'] {
  if (!older || !newer) return older ?? newer;
  const known = new Set(older.map((alias) => `${alias.party} ${alias.code}`));
  const added = newer.filter((alias) => !known.has(`${alias.party} ${alias.code}`));
  return added.length > 0 ? [...older, ...added] : older;
}
