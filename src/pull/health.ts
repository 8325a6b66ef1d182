import type { Item } from '#core/dossier/item';
import type { Failure } from '#core/dossier/settle';
import { maskWords } from '#core/masking/mask-words';
import { maskNamesIn } from '#core/masking/masking';
import { EN } from '#messages/en';
import { quotedText, type Sentence, say, type TextOrWords, textOrWordsOf, type Words } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { Page } from '../kit/puller.ts';
import { AWAY_KINDS } from '../ledger/incidents.ts';
import { savePartyHealth } from '../ledger/party-health.ts';
import { hasOpenBreaker } from '../ledger/party-states.ts';
import { type ClaimedPull, hasFailedPull } from '../ledger/pulls.ts';
import type { HubContext } from '../process/hub-context.ts';

/**
 * How a run ended: after the last page, early because the party may not be called now, unfinished after its longest time, or
 * by a failure.
 */
export type PullEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'halted' }
  | { readonly kind: 'unfinished' }
  | Failure;

/** The counts of a run so far. */
export interface PullCounts {
  items: number;
  invalid: number;
  /** The place of the first problem, by the partner's names. */
  place?: string;
  /** The worst statement of its pages about missing records. */
  lacks?: TextOrWords | false;
  /** Whether the partner answered one of the questions about single records. */
  isAnswered?: boolean;
  /** How many of them failed since the last page with an answer, and the newest reason. */
  unanswered?: { readonly count: number; readonly why: Failure } | undefined;
}

/** Failed questions on earlier pages that mean more than single bad records. */
const MANY_FAILED = 3;

/**
 * Counts a stored page. Returns why the run ends after it, if the partner seems to be away. A page without an answer may be due
 * to its records, so it is passed. After a second one, or after a run without any answer, asking for the rest would be in vain.
 */
export function countPage(counts: PullCounts, { lacks, asked, more }: Pick<Page, 'lacks' | 'asked' | 'more'>) {
  if (!asked) {
    if (lacks !== undefined) counts.lacks ||= lacks;
    return undefined;
  }
  const { isAnswered, failures } = asked;
  const [why] = failures;
  const earlier = counts.unanswered?.count ?? 0;
  if (isAnswered) {
    counts.isAnswered = true;
    counts.unanswered = undefined;
  } else if (why) counts.unanswered = { count: earlier + failures.length, why };
  const { unanswered } = counts;
  const isSecond = why !== undefined && earlier >= MANY_FAILED;
  if (unanswered && (isSecond || (!more && !counts.isAnswered))) return unanswered.why;
  if (why) counts.lacks ||= textOrWordsOf(why);
  else if (!more) counts.lacks ||= false;
  return undefined;
}

export function countItems(counts: PullCounts, items: readonly Item[]): void {
  counts.items += items.length;
  for (const item of items) {
    if (item.kind !== 'invalid') continue;
    counts.invalid++;
    // Without the item's number in the page. The value there may be personal, so only the message has it.
    counts.place ??= (item.problems[0]?.path ?? '').replace(/^\/\d+(?=\/|$)/, '').slice(0, 100);
  }
}

function whyOf(failed: Failed): Words {
  const { message, words } = errorOf(failed) ?? failed;
  return words ?? quotedText(message);
}

type Failed = Exclude<PullEnd, { kind: 'complete' | 'halted' | 'unfinished' }>;

function isFailed(end: PullEnd): end is Failed {
  return 'reason' in end;
}

/** The reason of a bug in an adapter or in the hub. */
export const NOT_STORED = 'not-kept';

/** The error of an interrupted run is that of the run before. */
export function lastErrorOf({ lastError, lastErrorWords }: ClaimedPull): Sentence | undefined {
  return lastError === null ? undefined : { message: lastError, words: lastErrorWords ?? undefined };
}

export function errorOf(end: PullEnd): Sentence | undefined {
  if (!isFailed(end)) return undefined;
  const said = textOrWordsOf(end);
  return sentenceOf(end.reason === NOT_STORED ? said : say('with-reason', { reason: end.reason, why: said }));
}

type Hub = Pick<HubContext, 'database' | 'alerts' | 'nowMs'>;

/**
 * Reports a partner's state like its deliveries do: one incident while it cannot be reached. A single failure is
 * retried soon and raises no alert, unless it is permanent. An incident stays open while the party's other pulls or its
 * breaker still fail.
 */
export async function reportPullHealth(hub: Hub, pull: ClaimedPull, end: PullEnd, counts: PullCounts): Promise<void> {
  await reportInvalid(hub, pull, counts);
  await reportIncomplete(hub, pull, end, counts);
  if (isFailed(end)) await reportFailure(hub, pull, end);
  else if (end.kind !== 'halted') await reportSuccess(hub, pull.party);
}

/**
 * Reports invalid items of a pull. A sender of pushes gets an answer, but pulled items would be invalid unnoticed.
 * Items of earlier runs do not count, so the incident ends when new items are mostly valid.
 */
async function reportInvalid({ alerts }: Hub, { party, name }: ClaimedPull, counts: PullCounts): Promise<void> {
  const { items, invalid, place } = counts;
  if (items === 0) return;
  if (invalid * 2 < items) return alerts.close(party, ['pull-invalid'], `${name}: `);
  await alerts.open(
    party,
    'pull-invalid',
    say('of-pull', { name, why: say('invalid-records', { count: invalid, all: items, path: place || '/' }) }),
  );
}

/**
 * Reports that a partner does not return all of its records. Otherwise nobody would notice, because the pull continues
 * with new ones.
 */
async function reportIncomplete(
  { alerts }: Hub,
  { party, name }: ClaimedPull,
  end: PullEnd,
  { lacks }: PullCounts,
): Promise<void> {
  if (lacks) {
    const cause = maskWords(say('of-pull', { name, why: lacks }), maskNamesIn);
    await alerts.open(party, 'pull-incomplete', cause);
  } else if (lacks === false) await alerts.close(party, ['pull-incomplete'], `${name}: `);
  // A complete run proves that the pages end, although not that they hold everything.
  else if (end.kind === 'complete') await alerts.close(party, ['pull-incomplete'], `${name}: ${TOO_LONG}`);
}

const [TOO_LONG = ''] = EN['run-too-long'].split('{');

async function reportSuccess({ database, alerts, nowMs }: Hub, party: string): Promise<void> {
  await savePartyHealth(database, party, { successMs: nowMs() });
  if (await hasFailedPull(database, party)) return;
  await alerts.close(party, ['pull-failed']);
  if (!(await hasOpenBreaker(database, party, nowMs()))) await alerts.close(party, AWAY_KINDS);
}

async function reportFailure({ database, alerts, nowMs }: Hub, pull: ClaimedPull, failed: Failed) {
  const { party, name, lastError } = pull;
  await savePartyHealth(database, party, {
    error: { atMs: nowMs(), reason: failed.reason, message: failed.message, words: failed.words },
  });
  const why = alerts.kindOf(failed);
  const kind = failed.kind === 'refused' && why === 'partner-away' ? 'pull-failed' : why;
  if (lastError !== null || why !== 'partner-away')
    await alerts.open(party, kind, maskWords(say('of-pull', { name, why: whyOf(failed) }), maskNamesIn));
}
