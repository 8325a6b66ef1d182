import { type Counted, countedBy, courseOf, dueByTerm, RULES, type Rule } from '#core/counts';
import type { WorkingTime } from '#core/working-time';
import type { Service } from '#schemas/service.upsert.v1';
import type { EntryCache } from '../catalogue/entry-cache.ts';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import {
  type CountableDossier,
  type CountedDossier,
  type CountedState,
  codesAfter,
  loadCountable,
  newestChange,
  saveState,
  takeTurn,
  writeCounted,
} from '../index/counted.ts';

export interface CountMeans {
  readonly database: Database;
  readonly entries: EntryCache;
  readonly working: WorkingTime;
}

/**
 * Count what changed since the last time, a batch after the other, at most so many. Of several processes one counts.
 *
 * The feed tells which dossiers, each is counted as it is now: a change that is counted twice, or that overtakes
 * another, comes to the same. Where the feed has lost what was not counted yet (the retention drops old months), and
 * after an upgrade, all dossiers are gone through.
 */
export async function countChanges(means: CountMeans, batches = 10): Promise<void> {
  for (let batch = 0; batch < batches; batch++) if (!(await countBatch(means))) return;
}

/** So many dossiers a transaction: some milliseconds of this thread. */
const BATCH = 250;

/** @returns whether there may be more */
async function countBatch(means: CountMeans): Promise<boolean> {
  return inTransaction(means.database, async (tx) => {
    const state = await takeTurn(tx);
    if (!state) return false;
    const { codes, next, more } = await nextCodes(tx, state);
    if (codes.length > 0) {
      const found = await loadCountable(tx, codes);
      const known = new Set(found.map(({ code }) => code));
      const counted = await countAll(means, found);
      await writeCounted(
        tx,
        counted,
        codes.filter((code) => !known.has(code)),
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
    return { codes, next: { ...state, filledTo }, more: true };
  }
  // First: what is committed between the two is no gap.
  const newest = await newestChange(tx);
  const { rows } = await tx.query<{ cursor: number; code: string }>({
    name: 'changes to count',
    text: 'SELECT cursor, code FROM changes WHERE cursor > $1 ORDER BY cursor LIMIT $2',
    values: [state.cursor, BATCH],
  });
  const isGap = rows.length > 0 ? rows[0]?.cursor !== state.cursor + 1 : newest > state.cursor;
  if (isGap) return { codes: [], next: { cursor: newest, filledTo: '' }, more: true };
  const codes = [...new Set(rows.map(({ code }) => code))];
  return { codes, next: { cursor: rows.at(-1)?.cursor ?? state.cursor, filledTo: null }, more: rows.length === BATCH };
}

async function countAll(
  { entries, working }: CountMeans,
  dossiers: readonly CountableDossier[],
): Promise<readonly CountedDossier[]> {
  // The catalogue is asked for the few that have no date of their own.
  const undated = dossiers.filter(({ times }) => times.dueAt === undefined).map(({ serviceKey }) => serviceKey);
  const services = await entries('service', [...new Set(undated)]);
  return dossiers.map((dossier) => {
    const { receivedAt, dueAt } = dossier.times;
    const service = services.get(dossier.serviceKey)?.record as Service | undefined;
    const termDueAt = service && receivedAt && !dueAt ? dueByTerm(service, receivedAt, working) : undefined;
    const times = { ...dossier.times, course: courseOf(dossier.events), ...(termDueAt && { termDueAt }) };
    const by = RULES.flatMap((rule): [Rule, Counted][] => {
      const counted = countedBy(rule, times);
      return counted ? [[rule, counted]] : [];
    });
    return { dossier, by: Object.fromEntries(by) };
  });
}
