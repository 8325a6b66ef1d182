import { CachedFolding, type Folded, placeOf } from './cached-folding.ts';
import { counts, type DossierEvent, isOwn, isPremature } from './event.ts';
import { inEventOrder } from './event-order.ts';
import { foldWith } from './fold.ts';

/** The events of one dossier in event order, with the view after some of them. */
export interface History<Event extends DossierEvent> {
  readonly events: readonly Event[];
  /**
   * Gives the same answer as `foldWith` of fold.ts. The event is not added.
   *
   * @param owner the party that owns the dossier
   */
  foldWith(event: Event, owner: string): Folded;
  add(event: Event): void;
}

/**
 * A history that judges late events quickly. The view after every few events is stored, so a late event refolds only from
 * its place to the first stored view that stays the same. A thousand late steps of one dossier cost some thousand steps
 * instead of a million.
 *
 * @param events in any order
 */
export function createHistory<Event extends DossierEvent>(events: readonly Event[] = []): History<Event> {
  const sorted = [...events].sort(inEventOrder);
  let folding: { readonly owner: string; readonly counting: CachedFolding<Event>; readonly ahead: Event[] } | undefined;

  function foldingOf(owner: string): NonNullable<typeof folding> {
    if (folding?.owner === owner) return folding;
    const counting = new CachedFolding(
      sorted.filter((event) => counts(event, owner)),
      owner,
    );
    folding = { owner, counting, ahead: sorted.filter((event) => isAheadRecord(event, owner)) };
    return folding;
  }

  return {
    events: sorted,
    foldWith(event, owner) {
      const { counting, ahead } = foldingOf(owner);
      const isAfterAhead = ahead.some((one) => inEventOrder(one, event) < 0);
      return counting.foldWith(event, isAfterAhead) ?? foldWith(sorted, event, owner);
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
