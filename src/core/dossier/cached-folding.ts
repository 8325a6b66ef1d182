import { type Anomaly, counts, type DossierEvent } from './event.ts';
import { inEventOrder } from './event-order.ts';
import { advance } from './fold.ts';
import { isSameJson } from './same-json.ts';
import { type DossierView, type Folding, viewOf } from './state.ts';

/** The state of a dossier after one more event, and the anomaly of that event at its position. */
export interface Folded {
  readonly view: DossierView | undefined;
  readonly anomaly?: Anomaly | undefined;
}

/** The view after an event. Null before the first record of the owner. */
type View = Folding | null;

/** The result of the last `foldWith`, so that `add` does not repeat the work. */
interface Pending<Event> {
  readonly event: Event;
  readonly at: number;
  readonly view: View;
  /** Views that differ with the event, by the position of the event that each follows. */
  readonly changed: ReadonlyMap<number, View>;
  readonly last: View;
}

/** Stores the view after every eighth event. Storing each would take too much memory if records grow. */
const STORED_EVERY = 8;

/** The effective events of one dossier in event order, with the view after some of them. */
export class CachedFolding<Event extends DossierEvent> {
  readonly #sorted: Event[];
  readonly #owner: string;
  /** The stored view after the event at each position, if any. */
  readonly #views: (View | undefined)[];
  #last: View | undefined;
  #pending: Pending<Event> | undefined;

  /** @param sorted the effective events, in event order */
  constructor(sorted: Event[], owner: string) {
    this.#sorted = sorted;
    this.#owner = owner;
    this.#views = sorted.map(() => undefined);
  }

  /**
   * Undefined if only the plain fold can answer: the dossier's only effective records are far ahead.
   *
   * @param isAfterAhead whether such a record comes before the event
   */
  foldWith(event: Event, isAfterAhead: boolean): Folded | undefined {
    if (!counts(event, this.#owner)) {
      const view = this.#lastView();
      return view ? { view: viewOf(view) } : undefined;
    }
    const at = placeOf(this.#sorted, event);
    const before = this.#viewAfter(at - 1);
    if (!before && isAfterAhead) return undefined;
    const { view = null, anomaly } = advance(before ?? undefined, event, this.#owner, this.#sorted[at - 1]);
    const pending = { event, at, view, ...this.#refold(event, at, view) };
    this.#pending = pending;
    return pending.last ? { view: viewOf(pending.last), anomaly } : undefined;
  }

  add(event: Event): void {
    const folded = this.#pending?.event === event ? this.#pending : undefined;
    const at = folded?.at ?? placeOf(this.#sorted, event);
    this.#pending = undefined;
    if (folded) for (const [place, view] of folded.changed) this.#views[place] = view;
    else this.#views.fill(undefined, at);
    this.#sorted.splice(at, 0, event);
    this.#views.splice(at, 0, folded && at % STORED_EVERY === 0 ? folded.view : undefined);
    this.#last = folded?.last;
  }

  #lastView(): View {
    this.#last = this.#viewAfter(this.#sorted.length - 1);
    return this.#last;
  }

  /** The view after the event at a position, folded from the nearest stored view. */
  #viewAfter(place: number): View {
    if (place === this.#sorted.length - 1 && this.#last !== undefined) return this.#last;
    let from = place;
    while (from >= 0 && this.#views[from] === undefined) from--;
    let view = from < 0 ? null : (this.#views[from] as View);
    for (let n = from + 1; n <= place; n++) {
      view = this.#advance(view, this.#sorted[n] as Event, this.#sorted[n - 1]);
      if (n % STORED_EVERY === 0) this.#views[n] = view;
    }
    return view;
  }

  /**
   * Folds the events after a position with one more event before them, up to the first stored view that stays the same.
   */
  #refold(event: Event, at: number, first: View): Pick<Pending<Event>, 'changed' | 'last'> {
    const before = this.#lastView();
    const changed = new Map<number, View>();
    let view = first;
    for (let n = at; n < this.#sorted.length; n++) {
      view = this.#advance(view, this.#sorted[n] as Event, n === at ? event : this.#sorted[n - 1]);
      const stored = this.#views[n];
      if (stored === undefined) {
        // Late events in a row must not leave a gap without stored views.
        if ((n - at) % STORED_EVERY === STORED_EVERY - 1) changed.set(n, view);
        continue;
      }
      if (isSameView(view, stored)) return { changed, last: before };
      changed.set(n, view);
    }
    return { changed, last: view };
  }

  #advance(view: View, event: Event, before: Event | undefined): View {
    return advance(view ?? undefined, event, this.#owner, before).view ?? null;
  }
}

/** How many events come before this one. */
export function placeOf(sorted: readonly DossierEvent[], event: DossierEvent): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (inEventOrder(sorted[middle] as DossierEvent, event) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSameView(one: View, other: View): boolean {
  if (one === other) return true;
  if (!one || !other || one.statusAt !== other.statusAt || one.status !== other.status) return false;
  return isSameJson(one, other);
}
