import type { WorkingTime } from '#core/dates/working-time';
import { isFinished } from '#core/dossier/status';
import { courseOf } from '#core/statistics/course';
import type { DossierTimes } from '#core/statistics/dossier-times';
import { type Counted, countedBy, RULES, type Rule } from '#core/statistics/rules';
import { dueByTerm } from '#core/statistics/terms';
import type { Service } from '#schemas/service.upsert.v1';
import type { EntryCache } from '../catalogue/entry-cache.ts';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { takeRecounts } from '../index/recounts.ts';
import {
  type CountableDossier,
  type CountedDossier,
  type CountedState,
  codesAfter,
  forgetGone,
  loadCountable,
  loadCounted,
  newestChange,
  partsOf,
  saveState,
  takeTurn,
  writeCounted,
} from './counted.ts';

export interface CountDeps {
  readonly database: Database;
  readonly entries: EntryCache;
  readonly workingTime: WorkingTime;
  /** Called for a dossier that cannot be counted. The other dossiers are counted. */
  readonly onFault: (where: string, error: unknown) => void;
}

/**
 * Counts the dossiers with new events, a few batches at a time. Of several processes one counts.
 *
 * The change feed and the marks of late events name the dossiers. Each is counted in its current state, so the order of
 * the changes does not matter, and a change that is counted twice has no further effect. All dossiers are counted again
 * after an upgrade, and when the retention dropped changes that were not counted yet. That also forgets the counts of
 * dossiers that are no longer in the index.
 */
export async function countChanges(deps: CountDeps): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) if (!(await countBatch(deps))) return;
}

const BATCHES = 10;
/** Dossiers per transaction: some milliseconds of this thread. */
const BATCH = 250;

/** @returns whether more may follow */
async function countBatch(deps: CountDeps): Promise<boolean> {
  return inTransaction(deps.database, async (tx) => {
    const state = await takeTurn(tx);
    if (!state) return false;
    const { codes, next, more } = await nextCodes(tx, state);
    // A whole may have many parts.
    for (let at = 0; at < codes.length; at += BATCH) {
      const some = codes.slice(at, at + BATCH);
      const found = await loadCountable(tx, some);
      const known = new Set(found.map(({ code }) => code));
      const counted = await countAll(deps, tx, found);
      await writeCounted(
        tx,
        counted,
        some.filter((code) => !known.has(code)),
      );
    }
    if (next.cursor !== state.cursor || next.filledTo !== state.filledTo) await saveState(tx, next);
    return more;
  });
}

type Transaction = Parameters<typeof takeTurn>[0];

async function nextCodes(
  tx: Transaction,
  state: CountedState,
): Promise<{ readonly codes: readonly string[]; readonly next: CountedState; readonly more: boolean }> {
  if (state.filledTo !== null) {
    const codes = await codesAfter(tx, state.filledTo, BATCH);
    const filledTo = codes.length < BATCH ? null : (codes.at(-1) as string);
    await forgetGone(tx, state.filledTo, filledTo);
    return { codes, next: { ...state, filledTo }, more: true };
  }
  // Read first, so that a commit between the two statements is no gap.
  const newest = await newestChange(tx);
  const { rows } = await tx.query<{ cursor: number; code: string }>({
    name: 'changes to count',
    text: 'SELECT cursor, code FROM changes WHERE cursor > $1 ORDER BY cursor LIMIT $2',
    values: [state.cursor, BATCH],
  });
  const isGap = rows.length > 0 ? rows[0]?.cursor !== state.cursor + 1 : newest > state.cursor;
  if (isGap) return { codes: [], next: { cursor: newest, filledTo: '' }, more: true };
  const marked = await takeRecounts(tx, BATCH);
  const changed = [...rows.map(({ code }) => code), ...marked];
  const codes = [...new Set([...changed, ...(changed.length > 0 ? await partsOf(tx, changed) : [])])];
  const more = rows.length === BATCH || marked.length === BATCH;
  return { codes, next: { cursor: rows.at(-1)?.cursor ?? state.cursor, filledTo: null }, more };
}

async function countAll(
  { entries, workingTime, onFault }: CountDeps,
  tx: Transaction,
  dossiers: readonly CountableDossier[],
): Promise<readonly CountedDossier[]> {
  // Only the few dossiers without a due date need the catalogue.
  const undated = dossiers.filter(({ times }) => times.dueAt === undefined).map(({ serviceKey }) => serviceKey);
  const services = await entries('service', [...new Set(undated)]);
  const before = await loadCounted(
    tx,
    dossiers.filter(({ isCutOff }) => isCutOff).map(({ code }) => code),
  );
  return dossiers.map((dossier) => {
    // Otherwise a bundle, or a dossier that passes several offices, would count once for each of them.
    if (dossier.isPart) return { dossier, by: {} };
    const service = services.get(dossier.serviceKey)?.record as Service | undefined;
    const times: DossierTimes = {
      ...timesOf(dossier, before.get(dossier.code)),
      ...(service && { dueByTerm: (receivedAt) => dueByTerm(service, receivedAt, workingTime) }),
    };
    try {
      const by = RULES.flatMap((rule): [Rule, Counted][] => {
        const counted = countedBy(rule, times);
        return counted ? [[rule, counted]] : [];
      });
      return { dossier, by: Object.fromEntries(by) };
    } catch (error) {
      onFault(`count ${dossier.code}`, error);
      return { dossier, by: {} };
    }
  });
}

/** If the beginning is deleted, the last count knows when the dossier began and ended. */
function timesOf(
  { times, events }: CountableDossier,
  before: { readonly beganAt: string | null; readonly endedAt: string | null } | undefined,
): DossierTimes {
  const course = courseOf(events);
  const isOver = course.every(({ status }) => isFinished(status));
  return {
    ...(before?.beganAt && { receivedAt: before.beganAt }),
    ...(before?.endedAt && isOver && { finishedAt: before.endedAt }),
    ...times,
    course,
  };
}
