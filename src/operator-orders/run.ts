import { instantToMs, msToInstant } from '#core/dates/dates';
import { type ReleaseDeps, releaseItems } from '../accept/release.ts';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { advanceReplay, runningReplays } from '../ledger/replays.ts';
import {
  advanceResolution,
  dismissDeliveries,
  dismissItems,
  freeDeliveries,
  loadItemsToFree,
  lockResolution,
  type Resolution,
  signItems,
  unfinishedResolutions,
} from '../ledger/resolutions.ts';
import type { Queue } from '../queue/port.ts';
import { type Backfill, type BackfillMeans, continueBackfill } from './backfill.ts';

export interface OrderDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly codes: CodeEntries;
  readonly nowMs: () => number;
}

/** Carries out what operators ordered. */
export interface OrderRunner {
  /** Continues resolutions as far as possible now, then replays at their rate. One run at a time. */
  runAll(): Promise<void>;
  runReplay(id: number): Promise<void>;
}

export function createOrderRunner(release: ReleaseDeps, deps: OrderDeps & ReplayMeans): OrderRunner {
  // Each order keeps a transaction open while it runs.
  let last: Promise<void> = Promise.resolve();
  return {
    runAll() {
      last = last
        .catch(() => undefined)
        .then(() => runResolutions(release, deps))
        .finally(() => runReplays(deps));
      return last;
    },
    runReplay: (id) => runReplay(deps, id),
  };
}

/** Items that are let go before it is kept how far a resolution came. */
const PIECE = 500;
/** Then others have their turn: the rest is done at the next sweep. */
const MOST_MS = 5_000;

/**
 * Go on with the resolutions that are not finished, as far as it goes now. A process that dies leaves the rest to
 * whoever sweeps next. One that cannot be carried out holds up no other.
 *
 * @throws what went wrong with the first such one, when all had their turn
 */
export async function runResolutions(letGoMeans: ReleaseDeps, means: OrderDeps): Promise<void> {
  const unfinished = await unfinishedResolutions(means.database);
  if (unfinished.length === 0) return;
  await means.codes.reload();
  const endMs = performance.now() + MOST_MS;
  const failed: unknown[] = [];
  for (const id of unfinished) {
    try {
      let isMore = true;
      while (isMore && performance.now() < endMs) isMore = await onePiece(letGoMeans, means, id);
    } catch (error) {
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
}

/** @returns whether there may be more to do at once */
async function onePiece(letGoMeans: ReleaseDeps, means: OrderDeps, id: number): Promise<boolean> {
  const { database, queue, nowMs } = means;
  const { isMore, ring } = await inTransaction(database, async (tx) => {
    const resolution = await lockResolution(tx, id);
    if (!resolution) return { isMore: false, ring: [] };
    const at = msToInstant(nowMs());
    if (resolution.action === 'dismiss') {
      const { count, parties } = await dismissDeliveries(tx, resolution, at);
      const freed = count + (await dismissItems(tx, resolution, at));
      await advanceResolution(tx, id, { last: undefined, freed, finishedAt: at });
      return { isMore: false, ring: parties };
    }
    const { count, parties } = await freeDeliveries(tx, resolution, at);
    const rows = await loadItemsToFree(tx, resolution, PIECE);
    const freed = count + (await releaseItems(letGoMeans, rows, resolution.action === 'release'));
    await signItems(tx, rows, resolution.who);
    const isMore = rows.length === PIECE;
    const finishedAt = !isMore && isOver(resolution, nowMs()) ? at : undefined;
    await advanceResolution(tx, id, { last: rows.at(-1), freed, finishedAt });
    return { isMore, ring: parties };
  });
  await queue.ring(ring);
  return isMore;
}

function isOver({ until }: Resolution, nowMs: number): boolean {
  return nowMs >= instantToMs(until);
}

type ReplayMeans = OrderDeps & BackfillMeans;

/**
 * Make due what running replays have in turn, each at its rate. One that cannot be carried out holds up no other.
 *
 * @throws what went wrong with the first such one, when all had their turn
 */
export async function runReplays(means: ReplayMeans): Promise<void> {
  const failed: unknown[] = [];
  for (const id of await runningReplays(means.database, means.nowMs()))
    await runReplay(means, id).catch((error) => failed.push(error));
  if (failed.length > 0) throw failed[0];
}

/** The same for one of them alone; nothing where it is not running, or not yet due again. */
export async function runReplay(means: ReplayMeans, id: number): Promise<void> {
  const { database, queue, nowMs } = means;
  const parties = await inTransaction(database, (tx) =>
    advanceReplay<Backfill>(tx, id, nowMs(), (...turn) => continueBackfill(means, ...turn)),
  );
  await queue.ring(parties);
}
