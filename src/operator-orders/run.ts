import type pg from 'pg';
import { instantToMs, msToInstant } from '#core/dates/dates';
import type { Route } from '#core/dossier/route';
import { shareByKey } from '../concurrency/batch-calls.ts';
import { forEachInOrder } from '../concurrency/in-order.ts';
import { inTransaction } from '../database/transaction.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import type { WaitingRow } from '../ledger/quarantine.ts';
import { advanceReplay, runningReplays } from '../ledger/replays.ts';
import {
  advanceResolution,
  dismissDeliveries,
  dismissItems,
  loadItemsToRelease,
  lockResolution,
  noteSettledBy,
  type Resolution,
  releaseResolvedDeliveries,
  unfinishedResolutions,
} from '../ledger/resolutions.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Queue } from '../queue/port.ts';
import { type Backfill, continueBackfill } from './backfill.ts';
import { type CorrectionRunDeps, runCorrections } from './corrections.ts';

export interface OrderRunnerDeps extends CorrectionRunDeps {
  readonly queue: Queue;
  readonly codes: CodeEntries;
  readonly routes: readonly Route[];
  /**
   * Applies items that wait in quarantine.
   *
   * @returns how many were released
   */
  readonly release: (rows: readonly WaitingRow[], isAccepted: boolean) => Promise<number>;
}

/** Carries out orders of operators. */
export interface OrderRunner {
  /**
   * Continues resolutions as far as possible now, then corrections, then replays at their rate. One run at a time.
   *
   * @throws the first error, after all orders were continued
   */
  runAll(): Promise<void>;
  /** Continues one replay. Rejects with its error only. */
  runReplay(id: number): Promise<void>;
}

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs' | 'telemetry'>;

export function createOrderRunner(hub: Hub, deps: OrderRunnerDeps): OrderRunner {
  // Each order has an open transaction while it runs. Who calls during a run shares the next one with others.
  const all = shareByKey((_: 'all') =>
    forEachInOrder([runResolutions, runCorrections, runReplays], (run) => run(hub, deps)),
  );
  return {
    runAll: () => all('all'),
    runReplay: (id) => runReplay(hub, deps, id),
  };
}

/** How many items are released before the progress of a resolution is saved. */
const PIECE = 500;
/** After this time other orders continue. The next sweep does the rest. */
const MOST_MS = 5_000;

/**
 * Continues unfinished resolutions as far as possible now. If a process dies, the next sweep of any process continues.
 * An order that fails blocks no other.
 *
 * @throws the error of the first order that failed, after all were continued
 */
async function runResolutions(hub: Hub, deps: OrderRunnerDeps): Promise<void> {
  const unfinished = await unfinishedResolutions(hub.database);
  if (unfinished.length === 0) return;
  await deps.codes.reload();
  const endMs = performance.now() + MOST_MS;
  await forEachInOrder(unfinished, async (id) => {
    let isMore = true;
    while (isMore && performance.now() < endMs) isMore = await runPiece(hub, deps, id);
  });
}

/**
 * The transaction holds the order and its released deliveries, while `release` commits items on other connections. If it is rolled
 * back, by a kill or its timeout, the next sweep repeats the piece: settled items are not loaded again, so none is released
 * twice. Only their count and their officer's name are missing then.
 *
 * @returns whether more can be done at once
 */
async function runPiece({ database, nowMs }: Hub, { queue, release }: OrderRunnerDeps, id: number): Promise<boolean> {
  const { isMore, parties } = await inTransaction(database, async (tx) => {
    const resolution = await lockResolution(tx, id);
    if (!resolution) return { isMore: false, parties: [] };
    const at = msToInstant(nowMs());
    if (resolution.action === 'dismiss') return dismissAll(tx, resolution, at);
    const { count, parties } = await releaseResolvedDeliveries(tx, resolution, at);
    const rows = await loadItemsToRelease(tx, resolution, PIECE);
    const released = count + (await release(rows, resolution.action === 'release'));
    await noteSettledBy(tx, rows, resolution.who);
    const isMore = rows.length === PIECE;
    const finishedAt = !isMore && isOver(resolution, nowMs()) ? at : undefined;
    // The next pass begins again: an item may be stored after another one whose message is younger.
    await advanceResolution(tx, id, { last: isMore ? rows.at(-1) : undefined, freed: released, finishedAt });
    return { isMore, parties };
  });
  await queue.notify(parties);
  return isMore;
}

async function dismissAll(tx: pg.PoolClient, resolution: Resolution, at: string) {
  const { count, parties } = await dismissDeliveries(tx, resolution, at);
  const dismissed = count + (await dismissItems(tx, resolution, at));
  await advanceResolution(tx, resolution.id, { last: undefined, freed: dismissed, finishedAt: at });
  return { isMore: false, parties };
}

function isOver({ until }: Resolution, nowMs: number): boolean {
  return nowMs >= instantToMs(until);
}

/**
 * Makes the next deliveries of running replays due, each at its rate. A replay that fails blocks no other.
 *
 * @throws the error of the first replay that failed, after all were continued
 */
async function runReplays(hub: Hub, deps: OrderRunnerDeps): Promise<void> {
  await forEachInOrder(await runningReplays(hub.database, hub.nowMs()), (id) => runReplay(hub, deps, id));
}

/** Continues one replay. Does nothing if it is not running, or not due yet. */
async function runReplay(hub: Hub, { queue, routes }: OrderRunnerDeps, id: number): Promise<void> {
  const { database, nowMs } = hub;
  const parties = await inTransaction(database, (tx) =>
    advanceReplay<Backfill>(tx, id, nowMs(), (...step) => continueBackfill(hub, routes, ...step)),
  );
  await queue.notify(parties);
}
