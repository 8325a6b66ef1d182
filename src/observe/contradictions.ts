import { say } from '#messages/message';
import type { Database } from '../database/pool.ts';
import { countContradictions } from '../ledger/quarantine.ts';
import type { Alerts } from './alerts.ts';

/**
 * Reports parties whose reports contradict the hub's records, such as another amount of a payment. Each has one incident
 * while a report waits for an operator.
 *
 * @param parties all parties of the settings
 */
export async function watchContradictions(
  { database, alerts }: { readonly database: Database; readonly alerts: Pick<Alerts, 'open' | 'close'> },
  parties: Iterable<string>,
): Promise<void> {
  const counts = new Map((await countContradictions(database)).map((row) => [row.party, row]));
  for (const [party, { count, code }] of counts)
    await alerts.open(party, 'contradiction', say('reports-contradict', { count, code }));
  for (const party of parties) if (!counts.has(party)) await alerts.close(party, ['contradiction']);
}
