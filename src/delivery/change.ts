import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { ReadEvent } from '../index/events.ts';
import { stateAt } from '../index/state-at.ts';
import type { Change } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { OtherDeliveries } from '../ledger/deliveries.ts';

export interface ChangedDossier {
  /** The dossier after the event, and at present. */
  readonly dossier: Dossier;
  readonly now: Dossier | undefined;
  /** Loaded for steps and for versions that are not the newest. */
  readonly history: readonly ReadEvent[];
  /** The party that owns the dossier now. */
  readonly owner: string | undefined;
}

/**
 * A delivery as a change of the index: one line of the change feed is one new change. A subscriber of changes gets no
 * change twice. If a delivery is repeated, it gets no outdated state.
 */
export function changeOf(claimed: Claimed, taken: OtherDeliveries | undefined, dossier: ChangedDossier): Change {
  return { at: claimed.createdAt, news: newsOf(claimed, taken, dossier) };
}

function newsOf(
  { operation, seq }: Claimed,
  { itself, later }: OtherDeliveries = { itself: false, later: false },
  { dossier, now, history, owner }: ChangedDossier,
): Change['news'] {
  if (later && (dossier.status !== now?.status || dossier.statusAt !== now.statusAt)) return 'outdated';
  if (operation !== 'dossier.progress.v1') return 'new';
  if (itself) return 'told';
  const after = stateAt(history, seq, owner);
  // Without the beginning of the history nobody knows. One notification too many is better than a missing one.
  const isChanged = !after || JSON.stringify(stateAt(history, seq - 1, owner)) !== JSON.stringify(after);
  return isChanged ? 'new' : 'unchanged';
}
