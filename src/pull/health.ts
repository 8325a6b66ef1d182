import type { Item } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import { maskNamesIn } from '#core/masking/masking';
import { AWAY_KINDS } from '../ledger/incidents.ts';
import { savePartyHealth } from '../ledger/party-health.ts';
import { hasOpenBreaker } from '../ledger/party-states.ts';
import { type ClaimedPull, hasFailedPull } from '../ledger/pulls.ts';
import type { HubContext } from '../process/hub-context.ts';

/** How a run end: with the last page, before it because the party may not be asked now, or by a failure. */
export type PullEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'halted' }
  | Exclude<Outcome, { kind: 'delivered' }>;

/** What a run has read so far. */
export interface PullCounts {
  items: number;
  invalid: number;
  /** Where the first invalid one is wrong, in the partner's terms. */
  place?: string;
  /** As of a page: the worst that one of them says. */
  lacks?: string | false;
}

export function countItems(counts: PullCounts, items: readonly Item[]): void {
  counts.items += items.length;
  for (const item of items) {
    if (item.kind !== 'invalid') continue;
    counts.invalid++;
    // Without its number in the page; the value that stands there may be personal, and is in the message.
    counts.place ??= (item.problems[0]?.path ?? '').replace(/^\/\d+(?=\/|$)/, '').slice(0, 100);
  }
}

type Failed = Exclude<PullEnd, { kind: 'complete' | 'halted' }>;

/** The reason of a fault of an adapter, or of the hub itself. */
export const NOT_STORED = 'not-kept';

export function errorOf(end: PullEnd): string | undefined {
  if (end.kind === 'complete' || end.kind === 'halted') return undefined;
  return end.reason === NOT_STORED ? end.message : `${end.reason}: ${end.message}`;
}

type Hub = Pick<HubContext, 'database' | 'alerts' | 'nowMs'>;

/**
 * Tell operators how the partner fares, as its deliveries do: one incident while it cannot be asked. One failure is
 * soon tried again and alarms nobody, unless it will not pass by itself. What the party's other pulls, or its breaker,
 * still complain of is not over.
 */
export async function reportPullHealth(hub: Hub, pull: ClaimedPull, end: PullEnd, counts: PullCounts): Promise<void> {
  await reportInvalid(hub, pull, counts);
  await reportIncomplete(hub, pull, counts);
  if (end.kind === 'complete') await reportSuccess(hub, pull.party);
  else if (end.kind !== 'halted') await reportFailure(hub, pull, end);
}

/**
 * Of what is pushed its sender hears that it is invalid; of what is pulled nobody would, were half of it and more. What an
 * earlier run has read already says nothing, so that it is over when the next that is new can be counts.
 */
async function reportInvalid({ alerts }: Hub, { party, name }: ClaimedPull, counts: PullCounts): Promise<void> {
  const { items, invalid, place } = counts;
  if (items === 0) return;
  if (invalid * 2 < items) return alerts.close(party, ['pull-invalid'], `${name}: `);
  await alerts.open(
    party,
    'pull-invalid',
    `${name}: ${invalid} of ${items} records are invalid, the first at ${place || '/'}`,
  );
}

/** That a partner does not give all of its records nobody would hear: the pull goes on with what is new. */
async function reportIncomplete({ alerts }: Hub, { party, name }: ClaimedPull, { lacks }: PullCounts): Promise<void> {
  if (lacks === false) await alerts.close(party, ['pull-incomplete'], `${name}: `);
  else if (lacks !== undefined) await alerts.open(party, 'pull-incomplete', `${name}: ${lacks}`);
}

async function reportSuccess({ database, alerts, nowMs }: Hub, party: string): Promise<void> {
  await savePartyHealth(database, party, { successMs: nowMs() });
  if (await hasFailedPull(database, party)) return;
  await alerts.close(party, ['pull-failed']);
  if (!(await hasOpenBreaker(database, party, nowMs()))) await alerts.close(party, AWAY_KINDS);
}

async function reportFailure({ database, alerts, nowMs }: Hub, pull: ClaimedPull, failed: Failed) {
  const { party, name, lastError } = pull;
  await savePartyHealth(database, party, {
    error: { atMs: nowMs(), reason: failed.reason, detail: failed.message },
  });
  const why = alerts.kindOf(failed);
  const kind = failed.kind === 'refused' && why === 'partner-away' ? 'pull-failed' : why;
  if (lastError !== null || why !== 'partner-away')
    await alerts.open(party, kind, maskNamesIn(`${name}: ${errorOf(failed)}`));
}
