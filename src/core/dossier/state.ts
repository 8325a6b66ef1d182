import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import type { Anomaly, DossierEvent, OwnRecordEvent } from './event.ts';
import { isFurther } from './status.ts';

/** The state of a dossier after its events, in event order. */
export interface DossierView {
  readonly record: Dossier;
  readonly status: Status;
  readonly statusAt: string;
  readonly inferred: boolean;
}

/** The state after one more event, and whether that event moved the status. */
export interface Step<View = DossierView | undefined> {
  readonly view: View;
  readonly moved: boolean;
  readonly anomaly?: Anomaly | undefined;
}

/** A view during folding, with the times of the owner's last status and record. At these times the owner decides. */
export interface Folding extends DossierView {
  readonly ownStatusAt?: string | undefined;
  readonly ownRecordAt?: string | undefined;
  /** The party whose records came with authority. See isStandIn. */
  readonly authority?: string | undefined;
}

export function viewOf(view: Folding): DossierView;
export function viewOf(view: Folding | undefined): DossierView | undefined;
export function viewOf(view: Folding | undefined): DossierView | undefined {
  return view && { record: view.record, status: view.status, statusAt: view.statusAt, inferred: view.inferred };
}

/**
 * The state at the owner's first record. Earlier steps are history only, except one of the same time whose status is at
 * least as advanced.
 */
export function begin(first: OwnRecordEvent, before?: DossierEvent): Folding {
  const source = before && before.at === first.at && !isFurther(first.status, before.status) ? before : first;
  return {
    record: withStatus(first.record, source),
    status: source.status,
    statusAt: source.at,
    inferred: source.inferred,
    ownStatusAt: source.at,
    ownRecordAt: first.at,
    authority: authorityAfter(undefined, first),
  };
}

type Spoken = Pick<DossierEvent, 'kind' | 'party' | 'authoritative'>;

/** The party whose records came with authority, after one more event of the owner. */
export function authorityAfter(before: string | undefined, { kind, party, authoritative }: Spoken): string | undefined {
  if (kind !== 'dossier') return before;
  if (authoritative) return party;
  return party === before ? undefined : before;
}

/**
 * Whether the status of a step stands in for one that its party did not report. Only such a step lacks the authority
 * that the party's records have. It may begin the work on a dossier, but never ends a wait.
 */
export function isStandIn({ kind, party, authoritative }: Spoken, authority: string | undefined): boolean {
  return kind === 'progress' && !authoritative && party === authority;
}

export function withEvent(
  view: Folding,
  event: DossierEvent,
  record: Dossier,
  moves: boolean,
  { ownStatusAt, ownRecordAt, authority }: Pick<Folding, 'ownStatusAt' | 'ownRecordAt' | 'authority'>,
): Folding {
  if (!moves && event.status !== view.status)
    return {
      ...view,
      record: withStatus(record, { status: view.status, at: view.statusAt }),
      ownRecordAt: ownRecordAt ?? view.ownRecordAt,
      authority,
    };
  return {
    record: withStatus(record, event),
    status: event.status,
    statusAt: event.at,
    inferred: staysInferred(view, event),
    ownStatusAt,
    ownRecordAt,
    authority,
  };
}

function staysInferred(view: DossierView, event: DossierEvent): boolean {
  return event.inferred && (view.inferred || event.at !== view.statusAt || event.status !== view.status);
}

export function withStatus(record: Dossier, { status, at }: { status: Status; at: string }): Dossier {
  return record.status === status && record.statusAt === at ? record : { ...record, status, statusAt: at };
}
