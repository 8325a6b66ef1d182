import { change } from './change.ts';
import { type Anomaly, counts, type DossierEvent, isOwn, isOwnRecord } from './event.ts';
import { inEventOrder } from './event-order.ts';
import { begin, type DossierView, type Folding, type Step, viewOf } from './state.ts';

/**
 * The state of a dossier after all of its events, given in any order.
 *
 * @param owner the party that owns the dossier; events of other parties change only the members in `shared`
 */
export function fold(events: readonly DossierEvent[], owner = firstSender(events)): DossierView | undefined {
  return viewOf(folded(events, owner));
}

/** The party of the first recorded record. It owns the dossier when no party is entitled. */
function firstSender(events: readonly DossierEvent[]): string {
  const records = events.filter(({ record }) => record);
  return records.reduce<DossierEvent | undefined>((a, b) => (a && a.seq <= b.seq ? a : b), undefined)?.party ?? '';
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
 * Applies the next effective event in event order. The view is undefined before the owner's first record.
 *
 * @param before the effective event before this one
 */
export function advance(
  view: Folding | undefined,
  event: DossierEvent,
  owner: string,
  before?: DossierEvent,
): Step<Folding | undefined> {
  if (view) return change(view, event, owner);
  return isOwnRecord(event, owner) ? { view: begin(event, before), moved: true } : { view: undefined, moved: false };
}

/** For a dossier whose records are all far ahead: begins with the first record, and every real event is newer. */
function foldedWithoutPast(
  sorted: readonly DossierEvent[],
  counting: readonly DossierEvent[],
  owner: string,
): Folding | undefined {
  const uncorrected = sorted.filter(({ correctedBy }) => correctedBy === undefined);
  const first = uncorrected.find((event) => isOwnRecord(event, owner));
  return first && counting.reduce<Folding>((view, event) => change(view, event, owner).view, begin(first));
}

/**
 * The state with one more event, and the anomaly of that event at its place in event order. Sorted events cost half the
 * time, which matters for a thousand late steps of one dossier.
 */
export function foldWith(
  events: readonly DossierEvent[],
  event: DossierEvent,
  owner = firstSender(events),
): { readonly view: DossierView | undefined; readonly anomaly: Anomaly | undefined } {
  const sorted = [...events].sort(inEventOrder);
  const first = sorted.findIndex((known) => inEventOrder(known, event) > 0);
  const place = first < 0 ? sorted.length : first;
  const [earlier, later] = [sorted.slice(0, place), sorted.slice(place)];
  const { view, anomaly } = advance(folded(earlier, owner), event, owner);
  // Before the owner's first record there is no state to continue from.
  if (!earlier.some((one) => one.record && isOwn(one, owner) && counts(one, owner)))
    return { view: fold([...sorted, event], owner), anomaly };
  const end = later.reduce((seen, one) => advance(seen, one, owner).view, view);
  return { view: viewOf(end), anomaly };
}

/** Applies the next event in event order. */
export function step(view: DossierView | undefined, event: DossierEvent, owner = event.party): Step {
  const { view: after, ...rest } = advance(view, event, owner);
  return { view: viewOf(after), ...rest };
}
