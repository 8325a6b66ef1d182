import { Cron } from 'croner';
import { msToInstant } from '#core/dates';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { retireOthers } from '../catalogue/catalogue.ts';
import type { Database } from '../database/pool.ts';
import { loadHeld } from '../index/dossiers.ts';
import type { Asks, Page } from '../kit/adapter.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { outstandingAt } from '../ledger/deliveries.ts';
import { type ClaimedPull, checkpointPart, claimPull, extendPull, finishPull } from '../ledger/pulls.ts';
import type { Party } from '../parties.ts';
import type { Queue } from '../queue/port.ts';
import type { ShapeWatch } from '../shape-watch.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Vault } from '../vault.ts';
import { acceptBatch } from './accept/accept.ts';
import type { AcceptMeans, Submission } from './accept/submission.ts';

export interface PullMeans {
  readonly database: Database;
  readonly vault: Vault;
  readonly queue: Queue;
  readonly parties: ReadonlyMap<string, Party>;
  readonly acceptMeans: AcceptMeans;
  readonly codes: CodeEntries;
  readonly nowMs: () => number;
  readonly telemetry: Telemetry;
  readonly shapes: ShapeWatch;
}

/** A killed process's pull is free after this; a live one extends its lease all the time, however slow the page. */
const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;
/** After a failure the partner is asked again soon, from the last page that was kept. */
const AFTER_FAILURE_MS = 60_000;

/**
 * Ask a partner for what is new, page by page; each page is kept together with where it ended. Another process that
 * has the lease is left to it.
 */
export async function runPull(means: PullMeans, partyId: string, name: string): Promise<void> {
  const { database, parties, nowMs, telemetry } = means;
  const party = parties.get(partyId);
  const puller = party?.adapter.pull?.[name];
  if (!party || !puller) throw new Error(`${partyId} has nothing to pull by the name ${name}`);
  const pull = await claimPull(database, partyId, name, nowMs(), LEASE_MS);
  if (!pull) return;
  const heartbeat = setInterval(() => {
    void extendPull(database, pull, nowMs() + LEASE_MS).catch((thrown) => telemetry.failed('heartbeat', thrown));
  }, HEARTBEAT_MS);
  let error: string | undefined;
  try {
    error = await pullPages(means, party, pull);
  } catch (thrown) {
    error = (thrown as Error).message;
    telemetry.failed(`pull ${name} of ${partyId}`, thrown);
  } finally {
    clearInterval(heartbeat);
  }
  telemetry.pulled(partyId, name, error);
  const scheduled = nextRunMs(party.schedules[name] ?? puller.schedule, nowMs());
  const next = error === undefined ? scheduled : Math.min(scheduled, nowMs() + AFTER_FAILURE_MS);
  await finishPull(database, pull, nowMs(), next, error);
}

/** The next time of a cron schedule (seconds allowed), in Vietnam time. */
export function nextRunMs(schedule: string, nowMs: number): number {
  const next = new Cron(schedule, { timezone: 'Asia/Ho_Chi_Minh', paused: true }).nextRun(new Date(nowMs));
  return next?.getTime() ?? Number.MAX_SAFE_INTEGER / 1e4;
}

/** @returns why it ended before the last page, or undefined when it is complete */
async function pullPages(means: PullMeans, party: Party, pull: ClaimedPull): Promise<string | undefined> {
  const puller = party.adapter.pull?.[pull.name] as NonNullable<Party['adapter']['pull']>[string];
  let { checkpoint } = pull;
  for (;;) {
    const page = await puller.next(party.connect(), checkpoint, asksOf(means, party));
    if ('kind' in page) return 'message' in page ? `${page.reason}: ${page.message}` : page.kind;
    await keepPage(means, party, pull, page);
    checkpoint = page.checkpoint;
    if (page.complete) await retireOthers(means.database, party.id, page.complete, msToInstant(means.nowMs()));
    if (!page.more) return undefined;
  }
}

async function keepPage(means: PullMeans, party: Party, pull: ClaimedPull, page: Page): Promise<void> {
  const { nowMs, acceptMeans, queue, telemetry } = means;
  await means.codes.fresh();
  const submissions = page.bodies.map(({ body, mediaType }) => submissionOf(party, pull, body, mediaType, nowMs()));
  const checkpoint = checkpointPart([{ pull, checkpoint: page.checkpoint, leasedUntilMs: nowMs() + LEASE_MS }]);
  const accepted = await acceptBatch(acceptMeans, submissions, [checkpoint]);
  telemetry.accepted(submissions, accepted.accepted, nowMs());
  means.shapes.told(submissions);
  await queue.ring(accepted.ring);
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

function asksOf({ database, vault }: PullMeans, party: Party): Asks {
  return {
    async outstanding(limit, after): Promise<readonly Dossier[]> {
      const codes = await outstandingAt(database, party.id, limit, after);
      const found = await loadHeld(database.pool, vault, codes);
      const byCode = new Map(found.map(({ held }) => [held.code, held.view.record]));
      return codes.flatMap((code) => byCode.get(code) ?? []);
    },
  };
}
