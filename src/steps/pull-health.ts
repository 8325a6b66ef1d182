import { maskNamesIn } from '#core/masking';
import type { Outcome } from '#core/settle';
import type { Alerts } from '../alerts.ts';
import type { Database } from '../database/pool.ts';
import { AWAY_KINDS } from '../ledger/incidents.ts';
import { savePartyHealth } from '../ledger/party-health.ts';
import { isLeftAlone } from '../ledger/party-states.ts';
import { type ClaimedPull, hasFailedPull } from '../ledger/pulls.ts';

/** How a run ended: with the last page, before it because the party may not be asked now, or by a failure. */
export type Ended =
  | { readonly kind: 'complete' }
  | { readonly kind: 'halted' }
  | Exclude<Outcome, { kind: 'delivered' }>;

type Failed = Exclude<Ended, { kind: 'complete' | 'halted' }>;

/** The reason of a fault of an adapter, or of the hub itself. */
export const NOT_KEPT = 'not-kept';

export function errorOf(ended: Ended): string | undefined {
  if (ended.kind === 'complete' || ended.kind === 'halted') return undefined;
  return ended.reason === NOT_KEPT ? ended.message : `${ended.reason}: ${ended.message}`;
}

export interface PullHealthMeans {
  readonly database: Database;
  readonly alerts: Pick<Alerts, 'open' | 'close' | 'kindOf'>;
  readonly nowMs: () => number;
}

/**
 * Tell operators how the partner fares, as its deliveries do: one incident while it cannot be asked. One failure is
 * soon tried again and alarms nobody, unless it will not pass by itself. What the party's other pulls, or its breaker,
 * still complain of is not over.
 */
export async function tellPullHealth(means: PullHealthMeans, pull: ClaimedPull, ended: Ended): Promise<void> {
  if (ended.kind === 'complete') await tellSuccess(means, pull.party);
  else if (ended.kind !== 'halted') await tellFailure(means, pull, ended);
}

async function tellSuccess({ database, alerts, nowMs }: PullHealthMeans, party: string): Promise<void> {
  await savePartyHealth(database, party, { successMs: nowMs() });
  if (await hasFailedPull(database, party)) return;
  await alerts.close(party, ['pull-failed']);
  if (!(await isLeftAlone(database, party, nowMs()))) await alerts.close(party, AWAY_KINDS);
}

async function tellFailure({ database, alerts, nowMs }: PullHealthMeans, pull: ClaimedPull, failed: Failed) {
  const { party, name, lastError } = pull;
  await savePartyHealth(database, party, {
    error: { atMs: nowMs(), reason: failed.reason, detail: failed.message },
  });
  const why = alerts.kindOf(failed);
  const kind = failed.kind === 'refused' && why === 'partner-away' ? 'pull-failed' : why;
  if (lastError !== null || why !== 'partner-away')
    await alerts.open(party, kind, maskNamesIn(`${name}: ${errorOf(failed)}`));
}
