import { asOf } from '#core/dossier/event';
import { fold } from '#core/dossier/fold';
import type { DossierView } from '#core/dossier/state';
import type { ReadEvent } from './events.ts';

/** The state of the dossier after its first `seq` events. */
export function stateAt(
  history: readonly ReadEvent[],
  seq: number,
  owner: string | undefined,
): DossierView | undefined {
  const known = history.filter((event) => event.seq <= seq).map((event) => asOf(event, seq));
  return fold(known, known.findLast((event) => event.owner !== undefined)?.owner ?? owner);
}
