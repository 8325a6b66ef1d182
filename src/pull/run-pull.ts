import { msToInstant } from '#core/dates/dates';
import { windowEndMs } from '#core/dates/windows';
import { countEffects } from '#core/dossier/effect';
import { doorKey } from '#core/identifiers/door';
import { maskWords } from '#core/masking/mask-words';
import { maskErrorText } from '#core/masking/masking';
import { storableIn } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { Part } from '../database/parts.ts';
import type { HubQueries, Page } from '../kit/puller.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { type DroppedFileRow, droppedFilePart } from '../ledger/dropped-files.ts';
import { isPaused } from '../ledger/party-states.ts';
import { type ClaimedPull, checkpointPart, claimPull, extendPull, finishPull, MOST_ASKED_MS } from '../ledger/pulls.ts';
import type { Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import { nextRunMs } from '../parties/schedule.ts';
import type { HubContext } from '../process/hub-context.ts';
import { type EndMissingDeps, endMissing } from './end-missing.ts';
import {
  countItems,
  countPage,
  errorOf,
  lastErrorOf,
  NOT_STORED,
  type PullCounts,
  type PullEnd,
  reportPullHealth,
} from './health.ts';
import { hubQueriesOf } from './hub-queries.ts';
import { nextPage } from './next-page.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs' | 'telemetry' | 'alerts'>;

export interface PullDeps extends EndMissingDeps {
  readonly parties: ReadonlyMap<string, Party>;
  readonly codes: Pick<CodeEntries, 'fresh'>;
  readonly statistics: Pick<HubQueries, 'figures'>;
  /** Accepts the messages of a page, together with the checkpoint after it. */
  readonly acceptPage: (page: readonly Submission[], together: readonly Part[]) => Promise<void>;
}

/** A killed process's pull is free after this time. A live process extends its lease, however slow the page is. */
const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;
/** After a failure the next run begins soon, from the last accepted page. */
const AFTER_FAILURE_MS = 60_000;
/** A longer run ends after its page, and the next one continues. A partner's pages may never end. */
const LONGEST_RUN_HOURS = 2;

/**
 * Asks a partner for what is new, page by page. Each page is accepted together with its checkpoint. Does nothing while another
 * process has the lease, or while the party is paused or in a maintenance window. The run stays due until then.
 */
export async function runPull(hub: Hub, deps: PullDeps, partyId: string, name: string): Promise<void> {
  const { database, vault, nowMs, telemetry } = hub;
  const party = deps.parties.get(partyId);
  const puller = party?.adapter.pull?.[name];
  if (!party || !puller) throw new Error(`${partyId} has nothing to pull by the name ${name}`);
  if (windowEndMs(party.maintenance, nowMs()) !== undefined) return;
  const pull = await claimPull(database, vault, partyId, name, nowMs(), LEASE_MS);
  if (!pull) return;
  const counts: PullCounts = { items: 0, invalid: 0 };
  const { end, fault } = await pullUnderLease(hub, deps, party, pull, counts);
  const error = end.kind === 'halted' ? lastErrorOf(pull) : errorOf(end);
  const scheduled = nextRunMs(party.schedules[name] ?? puller.schedule, nowMs());
  let isOurs = true;
  try {
    isOurs = await finishPull(database, pull, nowMs(), nextMs(end, scheduled, nowMs()), error);
  } finally {
    // A process that lost the lease was late for its page, and its call may have timed out. Its failure means nothing.
    if (isOurs && fault !== undefined) telemetry.failed(`pull ${name} of ${partyId}`, fault);
  }
  if (!isOurs) return telemetry.log.info({ party: partyId, pull: name }, 'pull left to another process');
  if (end.kind !== 'halted') telemetry.pulled(partyId, name, error?.message);
  await reportPullHealth(hub, pull, end, counts);
}

/** Pulls all pages and extends the lease. Never rejects: `fault` is a bug of the adapter or of the hub. */
async function pullUnderLease(
  hub: Hub,
  deps: PullDeps,
  party: Party,
  pull: ClaimedPull,
  counts: PullCounts,
): Promise<{ readonly end: PullEnd; readonly fault?: unknown }> {
  const { database, nowMs, telemetry } = hub;
  const heartbeat = setInterval(() => {
    void extendPull(database, pull, nowMs() + LEASE_MS).catch((thrown) => telemetry.failed('heartbeat', thrown));
  }, HEARTBEAT_MS);
  try {
    return { end: withoutNames(storableIn(await pullPages(hub, deps, party, pull, counts))) };
  } catch (fault) {
    return { end: { kind: 'refused', reason: NOT_STORED, message: maskErrorText((fault as Error).message) }, fault };
  } finally {
    clearInterval(heartbeat);
  }
}

/** A partner's words may name anybody. Operators read them without the scope for personal data. */
function withoutNames(end: PullEnd): PullEnd {
  if (!('message' in end)) return end;
  const words = end.words && maskWords(end.words, maskErrorText);
  return { ...end, message: words ? sentenceOf(words).message : maskErrorText(end.message), words };
}

/** Undefined: not again by itself. */
function nextMs(ended: PullEnd, scheduledMs: number | undefined, nowMs: number): number | undefined {
  if (ended.kind === 'complete') return scheduledMs;
  if (ended.kind === 'halted' || ended.kind === 'unfinished') return nowMs;
  const askedMs = ended.kind === 'unavailable' ? Math.min(ended.retryAfterMs ?? 0, MOST_ASKED_MS) : 0;
  return Math.max(Math.min(scheduledMs ?? Number.POSITIVE_INFINITY, nowMs + AFTER_FAILURE_MS), nowMs + askedMs);
}

async function pullPages(
  hub: Hub,
  deps: PullDeps,
  party: Party,
  pull: ClaimedPull,
  counts: PullCounts,
): Promise<PullEnd> {
  const puller = party.adapter.pull?.[pull.name] as NonNullable<Party['adapter']['pull']>[string];
  let { checkpoint } = pull;
  const endMs = hub.nowMs() + LONGEST_RUN_HOURS * 3_600_000;
  for (;;) {
    const page = await nextPage(puller, party, checkpoint, hubQueriesOf(hub, party, deps.statistics));
    if ('kind' in page) return page.kind === 'delivered' ? NO_PAGE : page;
    await acceptPage(hub, deps, party, pull, page, counts);
    checkpoint = page.checkpoint;
    const away = countPage(counts, page);
    if (away) return away;
    if (page.complete) await endMissing(hub, deps, pull, page.complete);
    if (!page.more) return { kind: 'complete' };
    if (await mustHalt(hub, party)) return { kind: 'halted' };
    if (hub.nowMs() < endMs) continue;
    counts.lacks ||= say('run-too-long', { hours: LONGEST_RUN_HOURS });
    return { kind: 'unfinished' };
  }
}

const NO_PAGE = { kind: 'refused', reason: NOT_STORED, ...sentenceOf(say('no-page')) } as const;

/** Whether the party may not be called for the next page. */
async function mustHalt({ database, nowMs }: Hub, party: Party): Promise<boolean> {
  return windowEndMs(party.maintenance, nowMs()) !== undefined || (await isPaused(database, party.id));
}

async function acceptPage(
  { vault, nowMs }: Hub,
  deps: PullDeps,
  party: Party,
  pull: ClaimedPull,
  page: Page,
  counts: PullCounts,
): Promise<void> {
  await deps.codes.fresh();
  const submissions = page.bodies.map((body) => submissionOf(party, pull, body, page.receipt, nowMs()));
  const checkpoint = checkpointPart([{ pull, checkpoint: page.checkpoint, leasedUntilMs: nowMs() + LEASE_MS }], vault);
  await deps.acceptPage(submissions, [checkpoint, droppedFilePart(endedFiles(party, pull, page, nowMs()), vault)]);
  for (const { items } of submissions) countItems(counts, items);
}

function endedFiles({ id }: Party, { name }: ClaimedPull, { ended }: Page, nowMs: number): readonly DroppedFileRow[] {
  if (!ended) return [];
  const { receipt, place, outcome, name: repeated, results } = ended;
  const counts = countEffects(outcome === 'refused' ? [] : results.map(({ effect }) => effect));
  return [{ party: id, list: name, receipt, name: repeated, at: msToInstant(nowMs), place, outcome, counts }];
}

/** A body of a party, read by the puller of this name. Uploads of files have a key. */
export function submissionOf(
  party: Party,
  { name }: Pick<ClaimedPull, 'name'>,
  { body, mediaType }: Page['bodies'][number],
  receipt: string | undefined,
  nowMs: number,
): Submission {
  const items = party.adapter.pull?.[name]?.read(body, party.settings, party.codes.at(nowMs)) ?? [];
  return {
    receipt,
    receivedAt: msToInstant(nowMs),
    party: party.id,
    door: doorKey({ kind: 'pull', name }),
    operation: items.find((item) => item.kind === 'record')?.operation ?? name,
    keyName: undefined,
    mediaType,
    body,
    bodyBytes: body.length,
    items,
  };
}
