import type { Database } from '../database/pool.ts';
import { AWAY_KINDS, partiesLeftInPeace } from '../ledger/incidents.ts';
import type { Alerts } from './alerts.ts';

/**
 * End the incidents of partners that could not be reached and that nothing is to be told or asked of any more, as when a person
 * gave up what waited. No call would ever come that could end them. When there is something again and the partner is still
 * away, its next failures open another one.
 */
export async function watchAway(
  { database, alerts }: { readonly database: Database; readonly alerts: Pick<Alerts, 'close'> },
  nowMs: number,
): Promise<void> {
  for (const party of await partiesLeftInPeace(database, nowMs)) await alerts.close(party, AWAY_KINDS);
}
