import type { Database } from '../database/pool.ts';
import { AWAY_KINDS, partiesLeftInPeace } from '../ledger/incidents.ts';
import type { Alerts } from './alerts.ts';

/**
 * Closes the incidents of unreachable partners that nothing waits for any more, as after an operator gave up their deliveries.
 * No call would ever close them. If such a partner is still away, its next failures open another incident.
 */
export async function watchAway(
  { database, alerts }: { readonly database: Database; readonly alerts: Pick<Alerts, 'close'> },
  nowMs: number,
): Promise<void> {
  for (const party of await partiesLeftInPeace(database, nowMs)) await alerts.close(party, AWAY_KINDS);
}
