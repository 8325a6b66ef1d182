import type { Item } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import { maskNamesIn } from '#core/masking/masking';
import type { Database } from '../database/pool.ts';
import { AWAY_KINDS } from '../ledger/incidents.ts';
import { savePartyHealth } from '../ledger/party-health.ts';
import { isLeftAlone } from '../ledger/party-states.ts';
import { type ClaimedPull, hasFailedPull } from '../ledger/pulls.ts';
import type { Alerts } from '../observe/alerts.ts';

/** How a run ended: with the last page, before it because the party may not be asked now, or by a failure. */
export type Ended =
  | { readonly kind: 'complete' }
  | { readonly kind: 'halted' }
  | Exclude<Outcome, { kind: 'delivered' }>;

/** What a run has read so far. */
export interface Read {
  items: number;
  invalid: number;
  /** Where the first invalid one is wrong, in the partner's terms. */
  place?: string;
  /** As of a page: the worst that one of them says. */
  lacks?: string | false;
}

export function countRead(read: Read, items: readonly Item[]): void {
  read.items += items.length;
  for (const item of items) {
    if (item.kind !== 'invalid') continue;
    read.invalid++;
    // Without its number in the page; the value that stands there may be personal, and is in the message.
    read.place ??= (item.problems[0]?.path ?? '').replace(/^\/\d+(?=\/|$)/, '').slice(0, 100);
  }
}

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
export async function tellPullHealth(
  means: PullHealthMeans,
  pull: ClaimedPull,
  ended: Ended,
  read: Read,
): Promise<void> {
  await tellInvalid(means, pull, read);
  await tellLacking(means, pull, read);
  if (ended.kind === 'complete') await tellSuccess(means, pull.party);
  else if (ended.kind !== 'halted') await tellFailure(means, pull, ended);
}

/**
 * Of what is pushed its sender hears that it is invalid; of what is pulled nobody would, were half of it and more. What an
 * earlier run has read already says nothing, so that it is over when the next that is new can be read.
 */
async function tellInvalid({ alerts }: PullHealthMeans, { party, name }: ClaimedPull, read: Read): Promise<void> {
  const { items, invalid, place } = read;
  if (items === 0) return;
  if (invalid * 2 < items) return alerts.close(party, ['pull-invalid'], `${name}: `);
  await alerts.open(
    party,
    'pull-invalid',
    `${name}: ${invalid} of ${items} records are invalid, the first at ${place || '/'}`,
  );
}

/** That a partner does not give all of its records nobody would hear: the pull goes on with what is new. */
async function tellLacking({ alerts }: PullHealthMeans, { party, name }: ClaimedPull, { lacks }: Read): Promise<void> {
  if (lacks === false) await alerts.close(party, ['pull-incomplete'], `${name}: `);
  else if (lacks !== undefined) await alerts.open(party, 'pull-incomplete', `${name}: ${lacks}`);
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
