import { type Anomaly, counts, type DossierEvent, isOwn, isPremature } from './event.ts';
import { inEventOrder } from './event-order.ts';
import { advance, foldWith } from './fold.ts';
import { type DossierView, type Folding, viewOf } from './state.ts';

/** What a dossier is with one event more, and what that event shows where it stands. */
export interface Folded {
  readonly view: DossierView | undefined;
  readonly anomaly?: Anomaly;
}

/** The events of one dossier in event order, with the view after some of them. */
export interface History<Event extends DossierEvent> {
  readonly events: readonly Event[];
  /** The same answer as `foldWith` of fold.ts. The event is not added. @param owner the party that owns the dossier */
  foldWith(event: Event, owner: string): Folded;
  add(event: Event): void;
}

/** The view after an event; null before the first record of the owner. */
type Known = Folding | null;

/** What the last `foldWith` found, so that `add` does not do the work again. */
interface Pending<Event> {
  readonly event: Event;
  readonly at: number;
  readonly view: Known;
  /** Views that are others with the event, by the place of the event that each follows. */
  readonly others: ReadonlyMap<number, Known>;
  readonly last: Known;
}

/** Keeps the view after every eighth event. Keeping each would take too much memory where records grow. */
const KEPT_EVERY = 8;

/**
 * A history that judges late events quickly. The view after every few events is kept, so a late event refolds only from
 * its place to the first kept view that is what it was. A thousand late steps of one dossier cost some thousand steps
 * instead of a million.
 *
 * @param events in any order
 */
export function createHistory<Event extends DossierEvent>(events: readonly Event[] = []): History<Event> {
  const sorted = [...events].sort(inEventOrder);
  let folding:
    | { readonly owner: string; readonly counting: CountingHistory<Event>; readonly ahead: Event[] }
    | undefined;

  function foldingOf(owner: string): NonNullable<typeof folding> {
    if (folding?.owner === owner) return folding;
    const counting = createCounting(sorted.filter((event) => counts(event, owner)));
    folding = { owner, counting, ahead: sorted.filter((event) => isAheadRecord(event, owner)) };
    return folding;
  }

  return {
    events: sorted,
    foldWith(event, owner) {
      const { counting, ahead } = foldingOf(owner);
      const isAfterAhead = ahead.some((one) => inEventOrder(one, event) < 0);
      return counting.foldWith(event, owner, isAfterAhead) ?? foldWith(sorted, event, owner);
    },
    add(event) {
      sorted.splice(placeOf(sorted, event), 0, event);
      if (!folding) return;
      if (isAheadRecord(event, folding.owner)) folding.ahead.push(event);
      if (counts(event, folding.owner)) folding.counting.add(event);
    },
  };
}

/** Whether an event is a record of the owner that names a moment far ahead. */
function isAheadRecord(event: DossierEvent, owner: string): boolean {
  return event.record !== undefined && isOwn(event, owner) && isPremature(event);
}

interface CountingHistory<Event> {
  /**
   * Undefined where the plain fold has to answer: of a dossier of which nothing counts but records far ahead.
   *
   * @param isAfterAhead whether such a record stands before the event
   */
  foldWith(event: Event, owner: string, isAfterAhead: boolean): Folded | undefined;
  add(event: Event): void;
}

/** @param sorted the events that count, in event order */
function createCounting<Event extends DossierEvent>(sorted: Event[]): CountingHistory<Event> {
  /** By the place of an event: the view after it, where it is kept. */
  const views: (Known | undefined)[] = sorted.map(() => undefined);
  let last: Known | undefined;
  let pending: Pending<Event> | undefined;

  /** The view after the event at a place, folded from the nearest one that is kept. */
  function viewAfter(place: number, owner: string): Known {
    if (place === sorted.length - 1 && last !== undefined) return last;
    let from = place;
    while (from >= 0 && views[from] === undefined) from--;
    let view = from < 0 ? null : (views[from] as Known);
    for (let n = from + 1; n <= place; n++) {
      view = after(view, sorted[n] as Event, owner, sorted[n - 1]);
      if (n % KEPT_EVERY === 0) views[n] = view;
    }
    return view;
  }

  /** Folds the events behind a place with one event more before them, up to the first kept view that is what it was. */
  function refold(event: Event, at: number, first: Known, owner: string): Pick<Pending<Event>, 'others' | 'last'> {
    const before = viewAfter(sorted.length - 1, owner);
    last = before;
    const others = new Map<number, Known>();
    let view = first;
    for (let n = at; n < sorted.length; n++) {
      view = after(view, sorted[n] as Event, owner, n === at ? event : sorted[n - 1]);
      const known = views[n];
      if (known === undefined) {
        // Late events in a row must not make a gap without kept views.
        if ((n - at) % KEPT_EVERY === KEPT_EVERY - 1) others.set(n, view);
        continue;
      }
      if (isSameView(view, known)) return { others, last: before };
      others.set(n, view);
    }
    return { others, last: view };
  }

  return {
    foldWith(event, owner, isAfterAhead) {
      if (!counts(event, owner)) {
        const view = viewAfter(sorted.length - 1, owner);
        last = view;
        return view ? { view: viewOf(view) } : undefined;
      }
      const at = placeOf(sorted, event);
      const before = viewAfter(at - 1, owner);
      if (!before && isAfterAhead) return undefined;
      const { view = null, anomaly } = advance(before ?? undefined, event, owner, sorted[at - 1]);
      pending = { event, at, view, ...refold(event, at, view, owner) };
      if (!pending.last) return undefined;
      return { view: viewOf(pending.last), ...(anomaly && { anomaly }) };
    },
    add(event) {
      const folded = pending?.event === event ? pending : undefined;
      const at = folded?.at ?? placeOf(sorted, event);
      pending = undefined;
      if (folded) for (const [place, view] of folded.others) views[place] = view;
      else views.fill(undefined, at);
      sorted.splice(at, 0, event);
      views.splice(at, 0, folded && at % KEPT_EVERY === 0 ? folded.view : undefined);
      last = folded?.last;
    },
  };
}

function after(view: Known, event: DossierEvent, owner: string, before: DossierEvent | undefined): Known {
  return advance(view ?? undefined, event, owner, before).view ?? null;
}

/** How many events stand before this one. */
function placeOf(sorted: readonly DossierEvent[], event: DossierEvent): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (inEventOrder(sorted[middle] as DossierEvent, event) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSameView(one: Known, other: Known): boolean {
  if (one === other) return true;
  if (!one || !other || one.statusAt !== other.statusAt || one.status !== other.status) return false;
  return isSameJson(one, other);
}

/** Whether two JSON values are written the same. Shared parts are not looked into, so views of one history cost little. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other))
    return Array.isArray(one) && Array.isArray(other) && isSameList(one, other);
  const names = namesOf(one);
  const others = namesOf(other);
  if (names.length !== others.length) return false;
  for (let n = 0; n < names.length; n++) {
    const name = names[n] as keyof typeof one;
    if (name !== others[n] || !isSameJson(one[name], other[name])) return false;
  }
  return true;
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, at) => isSameJson(item, other[at]));
}

/** JSON leaves out members without a value, and writes the others in their order. */
function namesOf(value: object): readonly string[] {
  return Object.keys(value).filter((name) => value[name as keyof typeof value] !== undefined);
}
