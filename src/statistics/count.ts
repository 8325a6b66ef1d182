import { changeCodes } from '#core/statistics/changes';
import { type CountedFacts, factChangeCodes } from '#core/statistics/fact-totals';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { takeRecounts } from '../index/recounts.ts';
import type { Vault } from '../secrets/vault.ts';
import { type Cell, cellIds, cellName } from './cells.ts';
import { addToRanges } from './code-ranges.ts';
import { countByRules, type RuleDeps } from './count-by-rules.ts';
import {
  type Counter,
  type CountState,
  codesAfter,
  hasUncounted,
  isFarBehind,
  newestChange,
  saveState,
  takeTurn,
} from './count-state.ts';
import { type CountableDossier, loadCountable } from './countable.ts';
import { type CountedRow, loadCounted, writeCounted } from './counted.ts';
import { partsOf } from './parts-of-wholes.ts';
import { addToTotals, createTotalChanges } from './totals.ts';

export interface CountDeps extends RuleDeps {
  readonly database: Database;
  readonly vault: Pick<Vault, 'open' | 'knows'>;
}

/**
 * Counts the dossiers with new events, a few batches at a time. Of several processes one counts.
 *
 * The change feed and the marks of late events name the dossiers. Each is counted in its current state, so the order of
 * the changes does not matter, and a change that is counted twice has no further effect. All dossiers are counted again
 * after an upgrade, when the retention dropped changes that were not counted yet, and when more changes wait than there
 * are dossiers. That also forgets the counts of dossiers that are no longer in the index.
 */
export async function countChanges(deps: CountDeps, counter: Counter): Promise<void> {
  if (!(await hasUncounted(deps.database.pool, counter))) return;
  for (let batch = 0, ahead: Ahead | undefined; batch < BATCHES; batch++) {
    const counted = await countBatch(deps, counter, ahead);
    if (!counted.more) return;
    ahead = counted.ahead;
  }
}

const BATCHES = 10;
/** Dossiers per transaction: some milliseconds of this thread. */
const BATCH = 250;

interface Counted {
  /** Whether more may follow. */
  readonly more: boolean;
  /** While all dossiers are counted again: the next batch. */
  readonly ahead?: Ahead | undefined;
}

function countBatch(deps: CountDeps, counter: Counter, ahead: Ahead | undefined): Promise<Counted> {
  return inTransaction(deps.database, async (tx) => {
    const state = await takeTurn(tx);
    if (!state) return { more: false };
    if (state.filledTo !== null) return countNext(deps, tx, { ...state, filledTo: state.filledTo }, counter, ahead);
    const { codes, next, more } = await changedCodes(tx, state);
    // A whole may have many parts.
    for (let at = 0; at < codes.length; at += BATCH) {
      const some = codes.slice(at, at + BATCH);
      await countSome(deps, tx, some, await loadCountable(tx, deps.vault, some));
    }
    if (next.cursor !== state.cursor || next.filledTo !== state.filledTo) await saveState(tx, next, counter);
    return { more };
  });
}

type Transaction = Parameters<typeof takeTurn>[0];

/** The dossiers after a code. */
interface Ahead {
  readonly after: string;
  readonly batch: Promise<{ readonly codes: readonly string[]; readonly found: readonly CountableDossier[] }>;
}

/**
 * Counts the next of all dossiers while it reads the following ones, so that this thread and PostgreSQL work at once. A
 * dossier that changes after it was read is in the change feed behind the cursor, and is counted again.
 */
async function countNext(
  deps: CountDeps,
  tx: Transaction,
  state: CountState & { readonly filledTo: string },
  counter: Counter,
  ahead: Ahead | undefined,
): Promise<Counted> {
  const { batch } = ahead?.after === state.filledTo ? ahead : readAhead(deps, state.filledTo);
  const { codes, found } = await batch;
  const last = codes.length < BATCH ? undefined : codes.at(-1);
  const following = last === undefined ? undefined : readAhead(deps, last);
  await countSome(deps, tx, codes, found);
  await saveState(tx, { ...state, filledTo: last ?? null }, counter);
  return { more: true, ahead: following };
}

function readAhead({ database: { pool }, vault }: CountDeps, after: string): Ahead {
  const read = async () => {
    const codes = await codesAfter(pool, after, BATCH);
    return { codes, found: await loadCountable(pool, vault, codes) };
  };
  const batch = read();
  // Nobody may wait for it any more when it fails.
  batch.catch(() => undefined);
  return { after, batch };
}

async function changedCodes(
  tx: Transaction,
  state: CountState,
): Promise<{ readonly codes: readonly string[]; readonly next: CountState; readonly more: boolean }> {
  // Read first, so that a commit between the two statements is no gap.
  const newest = await newestChange(tx);
  const { rows } = await tx.query<{ cursor: number; code: string }>({
    name: 'changes to count',
    text: 'SELECT cursor, code FROM changes WHERE cursor > $1 ORDER BY cursor LIMIT $2',
    values: [state.cursor, BATCH],
  });
  const isGap = rows.length > 0 ? rows[0]?.cursor !== state.cursor + 1 : newest > state.cursor;
  if (isGap || (await isFarBehind(tx, newest - state.cursor)))
    return { codes: [], next: { cursor: newest, filledTo: '' }, more: true };
  const marked = await takeRecounts(tx, BATCH);
  const changed = [...rows.map(({ code }) => code), ...marked];
  const codes = [...new Set([...changed, ...(changed.length > 0 ? await partsOf(tx, changed) : [])])];
  const more = rows.length === BATCH || marked.length === BATCH;
  return { codes, next: { cursor: rows.at(-1)?.cursor ?? state.cursor, filledTo: null }, more };
}

/** Counts dossiers, and replaces what they added to the running totals. */
async function countSome(
  deps: CountDeps,
  tx: Transaction,
  codes: readonly string[],
  found: readonly CountableDossier[],
): Promise<void> {
  const before = await loadCounted(tx, codes);
  const counted = await countByRules(deps, found, before);
  const cells = await cellIds(tx, found.map(cellOf));
  const totals = createTotalChanges();
  for (const { cell, changes, facts, by } of before.values()) {
    if (cell === null) continue;
    totals.add(cell, changes, -1);
    totals.add(cell, factChangeCodes(factsIn766(by, facts)), -1);
  }
  const rows: (CountedRow & { readonly agencyCode: string })[] = [];
  for (const { dossier, by, facts } of counted) {
    const cell = cells.get(cellName(cellOf(dossier))) as number;
    const changes = changeCodes(by);
    totals.add(cell, changes, 1);
    totals.add(cell, factChangeCodes(factsIn766(by, facts)), 1);
    rows.push({ code: dossier.code, agencyCode: dossier.agencyCode, cell, changes, facts, by });
  }
  const known = new Set(found.map(({ code }) => code));
  await writeCounted(
    tx,
    rows,
    codes.filter((code) => !known.has(code)),
  );
  await addToRanges(tx, rows);
  await addToTotals(tx, totals);
}

function factsIn766(by: CountedRow['by'], facts: number): CountedFacts {
  const { beganAt = null, endedAt = null } = by['766'] ?? {};
  return { facts, beganAt, endedAt };
}

/** A dossier without a channel counts as brought in person (Index 766: null is direct). */
function cellOf({ agencyCode, fieldCode, serviceKey, channel }: CountableDossier): Cell {
  return { agencyCode, fieldCode: fieldCode ?? '', serviceKey, channel: channel ?? 'counter' };
}
