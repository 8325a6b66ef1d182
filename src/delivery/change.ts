import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { ReadEvent } from '../index/events.ts';
import { stateAt } from '../index/state-at.ts';
import type { Change } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { OtherDeliveries } from '../ledger/deliveries.ts';

export interface ChangedDossier {
  /** The dossier as the event left it, and as it is by now. */
  readonly dossier: Dossier;
  readonly now: Dossier | undefined;
  /** Of steps, and of what is not the newest. */
  readonly history: readonly ReadEvent[];
  /** The party that owns the dossier now. */
  readonly owner: string | undefined;
}

/**
 * A delivery as a change of the index: one line of the change feed is one that is new. Whoever is told of changes alone
 * is told neither twice nor, when something is told again, of a state that is over.
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
  // Where its beginning is not kept any more, nobody knows: rather one too many than one that is missed.
  const isChanged = !after || JSON.stringify(stateAt(history, seq - 1, owner)) !== JSON.stringify(after);
  return isChanged ? 'new' : 'unchanged';
}
