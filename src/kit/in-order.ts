import { isSentLater, type Outcome } from '#core/dossier/settle';
import { say } from '#messages/message';
import { unavailable } from './outcomes.ts';
import type { Outgoing } from './sender.ts';

/**
 * Sends items one after the other. An item that must be sent again holds back the next ones of its dossier, so that they
 * cannot overtake. A refusal without a cause holds nothing back, because it is not retried.
 */
export async function sendInOrder<T extends Outgoing>(
  items: readonly T[],
  send: (item: T) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const waiting = new Set<string>();
  const outcomes: Outcome[] = [];
  for (const item of items) {
    const outcome = waiting.has(item.code) ? unavailable('waits', say('earlier-item-failed')) : await send(item);
    if (isSentLater(outcome)) waiting.add(item.code);
    outcomes.push(outcome);
  }
  return outcomes;
}
