import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { isConflict } from '../database/failures.ts';
import type { Database } from '../database/pool.ts';
import { maskStale } from '../index/mask-again.ts';
import { maskStaleRecords } from '../index/mask-records.ts';
import { addFilterWords } from '../index/reword.ts';
import type { HubContext } from '../process/hub-context.ts';
import { OutOfOrderError } from './apply.ts';
import { type CatchUp, createCatchUp, type Tell } from './catch-up.ts';
import { allCodes, compareDossiers, notCovered, overWholeTables } from './compare.ts';
import { createFindings, type Difference } from './difference.ts';
import { missingChanges } from './feed.ts';
import { type LaneSettings, laneThreads, type RebuildLanes, singleLane } from './lanes.ts';
import type { RecallDeps } from './recall.ts';
import { type StillAlone, withFreshSchema } from './schema.ts';
import { takeOver } from './take-over.ts';

interface RebuildDeps extends RecallDeps, Pick<HubContext, 'nowMs'> {
  /** For lanes in threads. */
  readonly lanes: LaneSettings;
}

export interface RebuildOptions {
  /** Swaps the differences into the live index, in one transaction. */
  readonly swap?: boolean;
  /** Maximum of listed differences; all are counted. */
  readonly limit?: number;
  /** How many threads work at the same time; by default the caller's alone. See usefulLanes. */
  readonly lanes?: number;
  readonly tell?: Tell;
  /** Breaks the rebuild off, and drops the second index. A swap that has begun is finished. */
  readonly signal?: AbortSignal;
}

export interface RebuildReport {
  /** Messages applied again, and dossiers compared. */
  readonly messages: number;
  readonly dossiers: number;
  /** Dossiers older than the oldest stored message: the messages cannot restore them, so they stay unchanged. */
  readonly notCovered: number;
  /** Whether the live index now equals the rebuilt one. */
  readonly identical: boolean;
  /** The count of all differences. */
  readonly found: number;
  readonly differences: readonly Difference[];
  /** Dossiers swapped into the live index. */
  readonly swapped: number;
  /** Why no swap was or would be made, although the live index differs. */
  readonly notSwapped?: string | undefined;
}

/** Pages compared at once, beyond one for each lane: PostgreSQL reads some while others are decrypted. */
const MORE_PAGES = 2;
const LIMIT = 100;
/** A batch that read before a swap and writes after it may restore the old state. */
const SWAPS = 3;

export type Rebuild = (options?: RebuildOptions) => Promise<RebuildReport>;

/** See rebuildIndex. */
export function createRebuild(
  { database, vault, kinds, nowMs }: Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs'>,
  given: Omit<RebuildDeps, 'live' | 'vault' | 'kinds' | 'nowMs'>,
): Rebuild {
  const deps: RebuildDeps = { ...given, live: database, vault, kinds, nowMs };
  return async (options) => {
    await unlessAborted(options?.signal, renewOldRows(deps));
    try {
      return await rebuildIndex(deps, options);
    } catch (error) {
      // Only if a lane did not get all that belongs together. A single lane has everything.
      if (!isOutOfOrder(error)) throw error;
      return rebuildIndex(deps, { ...options, lanes: 1 });
    }
  };
}

/** Rows of an older hub would differ in mask and words, and the scheduler renews them anyway. */
async function renewOldRows({ live, vault, kinds }: RebuildDeps): Promise<void> {
  await maskStale(live, vault);
  await maskStaleRecords(live, vault, kinds);
  await addFilterWords(live);
}

/** Fails at once when the signal is aborted. The work then ends with its connections. */
function unlessAborted(signal: AbortSignal | undefined, work: Promise<void>): Promise<void> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/**
 * Rebuilds the index from the messages alone, beside the live one, and compares both. The hub may run meanwhile; its
 * writers wait only for the last comparison. The live index stays whole in any case.
 * @throws when another rebuild is under way, or on a failure; then nothing was changed
 */
async function rebuildIndex(deps: RebuildDeps, options: RebuildOptions = {}): Promise<RebuildReport> {
  const { swap = false, limit = LIMIT, lanes: count = 1, signal } = options;
  const tell: Tell = (at) => {
    // Reported between two pages, where a rebuild may end.
    signal?.throwIfAborted();
    options.tell?.(at);
  };
  return inLanes(deps, count, async (lanes, stillAlone) => {
    const findings = createFindings(limit);
    const catchUp = createCatchUp(deps, lanes, findings, tell);
    await catchUp.run();
    const work: Work = { deps, lanes, stillAlone, catchUp, left: new Set(), dossiers: 0, tell, signal };
    const suspects = await compareAll(work);
    const first = await settle(work, suspects, swap);
    const messagesAreRead = findings.count === 0;
    findings.add([...first.differing, ...first.missing]);
    let last = first;
    for (let swaps = 1; last.swapped && swaps <= SWAPS; swaps++)
      last = await settle(work, codesOf(first.differing), swaps < SWAPS);
    const isWhole = last.differing.length + last.missing.length === 0;
    return {
      messages: catchUp.messages,
      dossiers: work.dossiers,
      notCovered: work.left.size,
      identical: isWhole && (messagesAreRead || first.swapped),
      found: findings.count,
      differences: findings.listed,
      swapped: first.swapped ? codesOf(first.differing).length : 0,
      notSwapped: !isWhole && catchUp.unreadable > 0 ? unreadable(catchUp.unreadable) : undefined,
    };
  });
}

function isOutOfOrder(error: unknown): boolean {
  return (error as { code?: unknown }).code === OutOfOrderError.code || isConflict(error);
}

async function inLanes<T>(
  deps: RebuildDeps,
  count: number,
  work: (lanes: RebuildLanes, stillAlone: StillAlone) => Promise<T>,
): Promise<T> {
  const { live, vault, kinds, ownership, ownedSince, parties } = deps;
  const stepsAreByMoment = (party: string) => parties.get(party)?.adapter.stepsAreByMoment ?? false;
  return withFreshSchema(live, async (beside, stillAlone) => {
    const given = { beside, kinds, ownedSince };
    const stepsByMoment = [...parties.keys()].filter(stepsAreByMoment);
    const lanes =
      count > 1
        ? laneThreads(given, { ...deps.lanes, ownedSince, stepsByMoment }, count)
        : singleLane({ ...given, live, vault, ownership, stepsAreByMoment });
    const mask = async (): Promise<void> => {
      await maskStale(live, vault);
      await maskStale(beside, vault);
    };
    try {
      return await work({ ...lanes, mask }, stillAlone);
    } finally {
      await lanes.close();
    }
  });
}

interface Work {
  readonly deps: RebuildDeps;
  readonly lanes: RebuildLanes;
  readonly stillAlone: StillAlone;
  readonly catchUp: CatchUp;
  /** Dossiers that stay unchanged. */
  readonly left: Set<string>;
  dossiers: number;
  readonly tell: Tell;
  readonly signal: AbortSignal | undefined;
}

/** The content of messages that today's code cannot read would be lost. */
function unreadable(items: number): string {
  return `${items} items of messages were applied at first and cannot be read today: a swap would lose their content`;
}

/** @returns the dossiers that seem to differ; some may only be ahead, because the live index moves on */
async function compareAll(work: Work): Promise<readonly string[]> {
  const { deps, lanes } = work;
  const suspects = new Set<string>();
  const compareOne = async (codes: readonly string[]): Promise<void> => {
    const covered = await coveredBy(work, deps.live.pool, codes);
    const found = covered.length > 0 ? await lanes.compare(covered) : [];
    for (const { code } of found) suspects.add(code);
    work.dossiers += codes.length;
    work.tell({ what: `comparing: ${work.dossiers} dossiers`, done: 0, total: 0 });
  };
  const pages = allCodes(deps.live, work.signal);
  try {
    await Promise.all(
      Array.from({ length: lanes.count + MORE_PAGES }, async () => {
        for (let page = await pages.next(); !page.done; page = await pages.next()) await compareOne(page.value);
      }),
    );
  } finally {
    // Frees its connection, also where one of the pages failed.
    await pages.return(undefined);
  }
  return [...suspects].sort();
}

async function compare(
  work: Work,
  db: pg.Pool | pg.PoolClient,
  codes: readonly string[],
): Promise<readonly Difference[]> {
  const covered = await coveredBy(work, db, codes);
  return covered.length > 0 ? compareDossiers(db, work.deps.vault, covered) : [];
}

/** Notes the others as left. */
async function coveredBy(
  { catchUp, left }: Work,
  db: pg.Pool | pg.PoolClient,
  codes: readonly string[],
): Promise<readonly string[]> {
  const uncovered = await notCovered(db, codes, catchUp.oldestAt ?? 'infinity');
  for (const code of uncovered) left.add(code);
  return codes.filter((code) => !uncovered.has(code));
}

interface Settled {
  readonly differing: readonly Difference[];
  readonly missing: readonly Difference[];
  readonly swapped: boolean;
}

/** Compares the suspects again, the last time without writers, and swaps if wanted. */
async function settle(work: Work, suspects: readonly string[], swap: boolean): Promise<Settled> {
  const { live, nowMs } = work.deps;
  if (suspects.length > 0) await work.catchUp.run();
  const remaining = new Set((await compare(work, live.pool, suspects)).map(({ code }) => code));
  const missing = await overWholeTables(live, (db) => missingChanges(db), work.signal);
  work.signal?.throwIfAborted();
  if (remaining.size + missing.length === 0) return { differing: [], missing, swapped: false };
  return whileNobodyWrites(live, async (db) => {
    await work.catchUp.run();
    const differing = await compare(work, db, [...remaining]);
    // Comparing the whole feeds again would keep writers for as long as it takes.
    const looked = [...remaining, ...codesOf(missing)];
    const settled = { differing, missing: await missingChanges(db, looked) };
    await work.stillAlone();
    const isWrong = settled.differing.length + settled.missing.length > 0;
    const swapped = swap && isWrong && work.catchUp.unreadable === 0;
    if (swapped) await takeOver(db, codesOf(settled.differing), codesOf(settled.missing), msToInstant(nowMs()));
    return { ...settled, swapped };
  });
}

function codesOf(differences: readonly Difference[]): readonly string[] {
  return [...new Set(differences.map(({ code }) => code))];
}

/** Every batch writes messages, so a blocked writer waits before it has written anything. Readers continue. */
async function whileNobodyWrites<T>(live: Database, work: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  const db = await live.pool.connect();
  try {
    await db.query('BEGIN');
    await db.query("SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = 0");
    await db.query('SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE messages IN SHARE MODE');
    const done = await work(db);
    await db.query('COMMIT');
    db.release();
    return done;
  } catch (error) {
    // Closing the connection rolls everything back.
    db.release(true);
    throw error;
  }
}
