import type { Database } from '../database/pool.ts';
import { AWAY_KINDS, listIdleParties } from '../ledger/incidents.ts';
import type { Alerts } from './alerts.ts';

/**
 * Closes incidents of unreachable partners for which no delivery waits any more.
 *
 * That happens when an operator gives up their deliveries: no call would ever close the incident. If such a
 * partner is still unreachable, its next failures open another incident.
 */
export async function watchAway(
  { database, alerts }: { readonly database: Database; readonly alerts: Pick<Alerts, 'close'> },
  nowMs: number,
): Promise<void> {
  for (const party of await listIdleParties(database, nowMs)) await alerts.close(party, AWAY_KINDS);
}
