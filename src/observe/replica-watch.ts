import { say } from '#messages/message';
import type { ReplicaState } from '../database/replicas.ts';
import { HUB } from '../ledger/incidents.ts';
import type { WatchContext } from './watch-context.ts';

/**
 * Opens the incident while a replica is out of use, and closes it afterwards. A process that has just started knows nothing of
 * them yet, and would contradict the others.
 */
export async function watchReplicas(
  { alerts }: Pick<WatchContext, 'alerts'>,
  states: readonly ReplicaState[],
): Promise<void> {
  if (!states.every(({ isKnown }) => isKnown)) return;
  const causes = states.flatMap(({ why }) => why ?? []);
  if (causes.length === 0) await alerts.close(HUB, ['replica-away']);
  else await alerts.open(HUB, 'replica-away', say('replicas-out-of-use', { list: causes }));
}
