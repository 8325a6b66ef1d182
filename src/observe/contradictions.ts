import { say } from '#messages/message';
import { openIncidents } from '../ledger/incidents.ts';
import { countContradictions } from '../ledger/quarantine.ts';
import type { WatchContext } from './watch-context.ts';

/**
 * Reports parties whose reports contradict the hub's records, such as another amount of a payment. Each has one incident
 * while a report waits for an operator.
 */
export async function watchContradictions({
  database,
  alerts,
}: Pick<WatchContext, 'database' | 'alerts'>): Promise<void> {
  const found = await countContradictions(database);
  for (const { party, count, code } of found)
    await alerts.open(party, 'contradiction', say('reports-contradict', { count, code }));
  for (const { party, kind } of await openIncidents(database))
    if (kind === 'contradiction' && !found.some((one) => one.party === party)) await alerts.close(party, [kind]);
}
