import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';
import { maskStale } from '../index/mask-again.ts';
import { maskStaleRecords } from '../index/mask-records.ts';
import { addFilterWords } from '../index/reword.ts';
import type { HubContext } from '../process/hub-context.ts';
import { type CatchUp, createCatchUp, type Tell } from './catch-up.ts';
import { allCodes, compareDossiers, notCovered } from './compare.ts';
import { createFindings, type Difference } from './difference.ts';
import { missingChanges } from './feed.ts';
import type { RecallDeps } from './recall.ts';
import { withFreshSchema } from './schema.ts';
import { takeOver } from './take-over.ts';

export interface RebuildDeps extends RecallDeps, Pick<HubContext, 'nowMs'> {}

export interface RebuildOptions {
  /** Swaps the differences into the live index, in one transaction. */
  readonly swap?: boolean;
  /** Maximum of listed differences; all are counted. */
  readonly limit?: number;
  readonly tell?: Tell;
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
  /** Why a requested swap was not made. */
  readonly notSwapped?: string | undefined;
}

const PAGE_CODES = 500;
const PAGES_AT_ONCE = 3;
const LIMIT = 100;
/** A batch that read before a swap and writes after it may restore the old state. */
const SWAPS = 3;

export type Rebuild = (options?: RebuildOptions) => Promise<RebuildReport>;

/** See rebuildIndex. */
export function createRebuild(deps: RebuildDeps): Rebuild {
  return async (options) => {
    // Rows of an older hub would differ in mask and words, and the scheduler renews them anyway.
    await maskStale(deps.live, deps.vault);
    await maskStaleRecords(deps.live, deps.vault, deps.kinds);
    await addFilterWords(deps.live);
    return rebuildIndex(deps, options);
  };
}

/**
 * Rebuilds the index from the messages alone, beside the live one, and compares both. The hub may run meanwhile; its
 * writers wait only for the last comparison. The live index stays whole in any case.
 * @throws when another rebuild is under way, or on a failure; then nothing was changed
 */
async function rebuildIndex(deps: RebuildDeps, options: RebuildOptions = {}): Promise<RebuildReport> {
  const { live } = deps;
  const { swap = false, limit = LIMIT, tell = () => undefined } = options;
  return withFreshSchema(live, async (beside) => {
    const findings = createFindings(limit);
    const catchUp = createCatchUp(deps, beside, findings, tell);
    await catchUp.run();
    const work: Work = { deps, catchUp, left: new Set(), dossiers: 0, tell };
    const suspects = await compareAll(work);
    const first = await settle(work, suspects, swap);
    const messagesAreRead = findings.count === 0;
    findings.add([...first.differing, ...first.missing]);
    let last = first;
    for (let swaps = 1; last.swapped && swaps <= SWAPS; swaps++)
      last = await settle(work, codesOf(first), swaps < SWAPS);
    const isWhole = last.differing.length + last.missing.length === 0;
    return {
      messages: catchUp.messages,
      dossiers: work.dossiers,
      notCovered: work.left.size,
      identical: isWhole && (messagesAreRead || first.swapped),
      found: findings.count,
      differences: findings.listed,
      swapped: first.swapped ? codesOf(first).length : 0,
      notSwapped: swap && !isWhole && catchUp.unreadable > 0 ? unreadable(catchUp.unreadable) : undefined,
    };
  });
}

interface Work {
  readonly deps: RebuildDeps;
  readonly catchUp: CatchUp;
  /** Dossiers that stay unchanged. */
  readonly left: Set<string>;
  dossiers: number;
  readonly tell: Tell;
}

/** The content of messages that today's code cannot read would be lost. */
function unreadable(items: number): string {
  return `${items} items of messages were applied at first and cannot be read today: a swap would lose their content`;
}

/** @returns the dossiers that seem to differ; some may only be ahead, because the live index moves on */
async function compareAll(work: Work): Promise<readonly string[]> {
  const { pool } = work.deps.live;
  const suspects = new Set<string>();
  const compareOne = async (codes: readonly string[]): Promise<void> => {
    for (const { code } of await compare(work, pool, codes)) suspects.add(code);
    work.dossiers += codes.length;
    work.tell({ what: `comparing: ${work.dossiers} dossiers`, done: 0, total: 0 });
  };
  const pages = allCodes(pool, PAGE_CODES);
  // PostgreSQL reads one page while this process decrypts another one.
  await Promise.all(
    Array.from({ length: PAGES_AT_ONCE }, async () => {
      for (let page = await pages.next(); !page.done; page = await pages.next()) await compareOne(page.value);
    }),
  );
  return [...suspects];
}

async function compare(
  { deps, catchUp, left }: Work,
  db: pg.Pool | pg.PoolClient,
  codes: readonly string[],
): Promise<readonly Difference[]> {
  const uncovered = await notCovered(db, codes, catchUp.oldestAt ?? 'infinity');
  for (const code of uncovered) left.add(code);
  const covered = codes.filter((code) => !uncovered.has(code));
  return covered.length > 0 ? compareDossiers(db, deps.vault, covered) : [];
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
  const missing = await missingChanges(live.pool);
  if (remaining.size + missing.length === 0) return { differing: [], missing, swapped: false };
  return whileNobodyWrites(live, async (db) => {
    await work.catchUp.run();
    const differing = await compare(work, db, [...remaining]);
    const settled = { differing, missing: await missingChanges(db) };
    const isWrong = settled.differing.length + settled.missing.length > 0;
    const swapped = swap && isWrong && work.catchUp.unreadable === 0;
    if (swapped) await takeOver(db, codesOf(settled), msToInstant(nowMs()));
    return { ...settled, swapped };
  });
}

function codesOf({ differing }: Pick<Settled, 'differing'>): readonly string[] {
  return [...new Set(differing.map(({ code }) => code))];
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
