import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import type { DossierEvent } from '../dossier/event.ts';
import { inEventOrder } from '../dossier/event-order.ts';
import { step } from '../dossier/fold.ts';
import { authorityAfter, type DossierView, isStandIn } from '../dossier/state.ts';
import { isFurther } from '../dossier/status.ts';
import type { Move } from './dossier-times.ts';

/**
 * The statuses that a dossier went through, from its oldest event on. A step before the first record counts: some
 * one-stop systems send the final record first and then the whole history (domain 2.2).
 *
 * A status with a derived time gives way to the same status with a real time: both report one move, and the derived
 * time is too early.
 *
 * At the moment of the owner's status, the owner decides, as in the index (core/dossier/change).
 *
 * @param events in any order
 */
export function courseOf(events: readonly CountingEvent[]): readonly Move[] {
  const moves: Move[] = [];
  let view: DossierView | undefined;
  let ownAt: string | undefined;
  let authority: string | undefined;
  const yields = yieldingIn(events);
  for (const event of [...events].sort(inEventOrder)) {
    if (yields(event)) continue;
    const { isOthers = false, authoritative, at, status } = event;
    if (isOthers && !authoritative && at === ownAt && status !== view?.status) continue;
    const isFurtherOrSame = !view || status === view.status || isFurther(status, view.status);
    if (!isOthers && !isFurtherOrSame && isStandIn(event, authority)) continue;
    if (!isOthers) ownAt = at;
    if (!isOthers) authority = authorityAfter(authority, event);
    // The content of the record does not matter here. A folding begins with a record.
    const begins = event.kind === 'dossier' || !view;
    const next = step(view, begins ? { ...event, record: NO_RECORD } : event);
    if (next.view && (!view || next.moved)) moves.push({ status: next.view.status, at: next.view.statusAt });
    view = next.view;
  }
  return moves;
}

/** An event that may move the status of its dossier. */
export type CountingEvent = Omit<DossierEvent, 'record'> & {
  /** Its party does not own the dossier, and may report its status. */
  readonly isOthers?: boolean;
};

type CourseEvent = Pick<DossierEvent, 'status' | 'at' | 'inferred'>;

function yieldingIn(events: readonly CourseEvent[]): (event: CourseEvent) => boolean {
  const lastReal = new Map<Status, string>();
  for (const { status, at, inferred } of events)
    if (!inferred && at > (lastReal.get(status) ?? '')) lastReal.set(status, at);
  return ({ status, at, inferred }) => inferred && at <= (lastReal.get(status) ?? '');
}

const NO_RECORD = {} as Dossier;
