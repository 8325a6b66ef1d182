import { sharedOf } from './claims.ts';
import { counts, type DossierEvent, isOwn } from './event.ts';
import { merge } from './merge.ts';
import { authorityAfter, type Folding, type Step, withEvent, withStatus } from './state.ts';
import { transition } from './transition.ts';

/** Applies one event to a folding. */
export function change(view: Folding, event: DossierEvent, owner: string): Step<Folding> {
  if (!counts(event, owner)) return { view, moved: false };
  if (!isOwn(event, owner)) return shareIn(view, event);
  const record = event.record ? merge(view.record, event.record) : view.record;
  const { moves, anomaly } = transition(view, event);
  const ownRecordAt = event.record ? event.at : view.ownRecordAt;
  const authority = authorityAfter(view.authority, event);
  return {
    view: withEvent(view, event, record, moves, { ownStatusAt: event.at, ownRecordAt, authority }),
    moved: moves,
    anomaly,
  };
}

/**
 * Applies the members that a party may change in a dossier of another owner. At the time of an owner's record or status,
 * the party only adds missing members, unless it is authoritative.
 */
function shareIn(view: Folding, event: DossierEvent): Step<Folding> {
  const { ownStatusAt, ownRecordAt, authority } = view;
  const fillsOnly = event.at === ownRecordAt && !event.authoritative;
  const record = event.record ? merge(view.record, sharedOf(event, view.record, fillsOnly)) : view.record;
  const own = { ownStatusAt, ownRecordAt, authority };
  if (!event.shared?.includes('status'))
    return { view: { ...view, record: withStatus(record, { status: view.status, at: view.statusAt }) }, moved: false };
  if (event.at === ownStatusAt && event.status !== view.status && !event.authoritative)
    return {
      view: { ...view, record: withStatus(record, { status: view.status, at: view.statusAt }) },
      moved: false,
      anomaly: 'same-time',
    };
  const { moves, anomaly } = transition(view, event);
  return { view: withEvent(view, event, record, moves, own), moved: moves, anomaly };
}
