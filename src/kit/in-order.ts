import type { Outcome } from '#core/dossier/settle';
import { unavailable } from './outcomes.ts';
import type { Outgoing } from './sender.ts';

/**
 * Send items one after the other. When one did not get through, what follows it for the same dossier is held back: it
 * would overtake. A refused item holds nothing back, for it will not come.
 */
export async function sendInOrder<T extends Outgoing>(
  items: readonly T[],
  send: (item: T) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const waiting = new Set<string>();
  const outcomes: Outcome[] = [];
  for (const item of items) {
    const outcome = waiting.has(item.code)
      ? unavailable('waits', 'an earlier item of the same dossier did not get through')
      : await send(item);
    if (outcome.kind === 'unavailable' || outcome.kind === 'unknown') waiting.add(item.code);
    outcomes.push(outcome);
  }
  return outcomes;
}
