import { Cron } from 'croner';
import { msToInstant } from '#core/dates/dates';
import { windowEndMs } from '#core/dates/windows';
import { storableIn } from '#core/vietnamese/text';
import type { Submission } from '../accept/submission.ts';
import { retireOthers } from '../catalogue/catalogue.ts';
import type { Part } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Page } from '../kit/adapter.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { isPaused } from '../ledger/party-states.ts';
import { type ClaimedPull, checkpointPart, claimPull, extendPull, finishPull } from '../ledger/pulls.ts';
import type { Alerts } from '../observe/alerts.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import type { Party } from '../parties/party.ts';
import type { Vault } from '../secrets/vault.ts';
import { countRead, type Ended, errorOf, NOT_KEPT, type Read, tellPullHealth } from './health.ts';
import { hubQueriesOf } from './hub-queries.ts';

export interface PullMeans {
  readonly database: Database;
  readonly vault: Vault;
  readonly parties: ReadonlyMap<string, Party>;
  readonly codes: CodeEntries;
  readonly nowMs: () => number;
  readonly telemetry: Telemetry;
  readonly alerts: Alerts;
  /** Keep a page as any messages are kept, together with where it ended. */
  readonly keep: (page: readonly Submission[], together: readonly Part[]) => Promise<void>;
}

/** A killed process's pull is free after this; a live one extends its lease all the time, however slow the page. */
const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;
/** After a failure the partner is asked again soon, from the last page that was kept. */
const AFTER_FAILURE_MS = 60_000;

/**
 * Ask a partner for what is new, page by page; each page is kept together with where it ended. Another process that
 * has the lease is left to it. A party that is paused, or in a maintenance window, is not asked; what was due then is
 * due when that is over.
 */
export async function runPull(means: PullMeans, partyId: string, name: string): Promise<void> {
  const { database, vault, parties, nowMs, telemetry } = means;
  const party = parties.get(partyId);
  const puller = party?.adapter.pull?.[name];
  if (!party || !puller) throw new Error(`${partyId} has nothing to pull by the name ${name}`);
  if (windowEndMs(party.maintenance, nowMs()) !== undefined) return;
  const pull = await claimPull(database, vault, partyId, name, nowMs(), LEASE_MS);
  if (!pull) return;
  const heartbeat = setInterval(() => {
    void extendPull(database, pull, nowMs() + LEASE_MS).catch((thrown) => telemetry.failed('heartbeat', thrown));
  }, HEARTBEAT_MS);
  let ended: Ended;
  let fault: unknown;
  const read: Read = { items: 0, invalid: 0 };
  try {
    ended = storableIn(await pullPages(means, party, pull, read));
  } catch (thrown) {
    ended = { kind: 'refused', reason: NOT_KEPT, message: (thrown as Error).message };
    fault = thrown;
  } finally {
    clearInterval(heartbeat);
  }
  const error = ended.kind === 'halted' ? (pull.lastError ?? undefined) : errorOf(ended);
  const scheduled = nextRunMs(party.schedules[name] ?? puller.schedule, nowMs());
  let isOurs = true;
  try {
    isOurs = await finishPull(database, pull, nowMs(), nextMs(ended, scheduled, nowMs()), error);
  } finally {
    // A process that stood still meanwhile was late for its page, and may have let its call time out: neither says anything.
    if (isOurs && fault !== undefined) telemetry.failed(`pull ${name} of ${partyId}`, fault);
  }
  if (!isOurs) return telemetry.log.info({ party: partyId, pull: name }, 'pull left to another process');
  if (ended.kind !== 'halted') telemetry.pulled(partyId, name, error);
  await tellPullHealth(means, pull, ended, read);
}

function nextMs(ended: Ended, scheduledMs: number, nowMs: number): number {
  if (ended.kind === 'complete') return scheduledMs;
  if (ended.kind === 'halted') return nowMs;
  const askedMs = ended.kind === 'unavailable' ? Math.min(ended.retryAfterMs ?? 0, AFTER_FAILURE_MS) : 0;
  return Math.max(Math.min(scheduledMs, nowMs + AFTER_FAILURE_MS), nowMs + askedMs);
}

/** The next time of a cron schedule (seconds allowed), in Vietnam time. */
export function nextRunMs(schedule: string, nowMs: number): number {
  const next = new Cron(schedule, { timezone: 'Asia/Ho_Chi_Minh', paused: true }).nextRun(new Date(nowMs));
  return next?.getTime() ?? Number.MAX_SAFE_INTEGER / 1e4;
}

async function pullPages(means: PullMeans, party: Party, pull: ClaimedPull, read: Read): Promise<Ended> {
  const puller = party.adapter.pull?.[pull.name] as NonNullable<Party['adapter']['pull']>[string];
  let { checkpoint } = pull;
  for (;;) {
    const page = await puller.next(party.connect(), checkpoint, hubQueriesOf(means, party));
    if ('kind' in page) return page.kind === 'delivered' ? NO_PAGE : page;
    await keepPage(means, party, pull, page, read);
    checkpoint = page.checkpoint;
    if (page.lacks !== undefined) read.lacks ||= page.lacks;
    if (page.complete) await retireOthers(means.database, party.id, page.complete, msToInstant(means.nowMs()));
    if (!page.more) return { kind: 'complete' };
    if (await mustHalt(means, party)) return { kind: 'halted' };
  }
}

const NO_PAGE = { kind: 'refused', reason: NOT_KEPT, message: 'its adapter answered with no page' } as const;

/** Whether the party may not be asked for the next page: each is a call of its own. */
async function mustHalt({ database, nowMs }: PullMeans, party: Party): Promise<boolean> {
  return windowEndMs(party.maintenance, nowMs()) !== undefined || (await isPaused(database, party.id));
}

async function keepPage(means: PullMeans, party: Party, pull: ClaimedPull, page: Page, read: Read): Promise<void> {
  const { nowMs } = means;
  await means.codes.fresh();
  const submissions = page.bodies.map(({ body, mediaType }) => submissionOf(party, pull, body, mediaType, nowMs()));
  const checkpoint = checkpointPart(
    [{ pull, checkpoint: page.checkpoint, leasedUntilMs: nowMs() + LEASE_MS }],
    means.vault,
  );
  await means.keep(submissions, [checkpoint]);
  for (const { items } of submissions) countRead(read, items);
}

function submissionOf(party: Party, pull: ClaimedPull, body: Uint8Array, mediaType: string, nowMs: number): Submission {
  const items = party.adapter.pull?.[pull.name]?.read(body, party.settings, party.codes.at(nowMs)) ?? [];
  return {
    receivedAt: msToInstant(nowMs),
    party: party.id,
    door: `pull:${pull.name}`,
    operation: items.find((item) => item.kind === 'record')?.operation ?? pull.name,
    keyName: undefined,
    mediaType,
    body,
    bodyBytes: body.length,
    items,
  };
}
