import type { Anomaly, DossierEvent } from './event.ts';
import { type DossierView, type Folding, isStandIn } from './state.ts';
import { isFurther, mayFollow, mayFollowNothing } from './status.ts';

/** Whether the next event in event order moves the status, and what is unexpected about the move. */
export function transition(view: Folding, event: DossierEvent): { moves: boolean; anomaly?: Anomaly } {
  if (event.status === view.status) return { moves: false };
  const allowed = mayFollow(view.status, event.status);
  const sameTime = event.at === view.statusAt;
  const further = isFurther(event.status, view.status);
  if (sameTime && !event.inferred) return { moves: true, anomaly: 'same-time' };
  // A derived time is only a lower bound: at that time it can add a further step, but not undo a real one.
  if (sameTime && !further) return { moves: allowed && view.inferred };
  if (allowed) return { moves: further || !isStandIn(event, view.authority) };
  return { moves: event.authoritative, anomaly: mayFollowNothing(view.status) ? reopening(view, event) : 'transition' };
}

/**
 * A correction may reopen a finished dossier if it gives a reason (domain 6.2 e). No member of a record is called "reason".
 * A step names the action and the actor. A whole record can only bring a new note. An operator judges whether the note
 * explains the move. A refusal would freeze the dossier for readers.
 */
function reopening({ record: { note } }: DossierView, { kind, record }: DossierEvent): Anomaly {
  const givesReason = kind === 'progress' || (record?.note !== undefined && record.note !== note);
  return givesReason ? 'reopened' : 'reopened-without-reason';
}
