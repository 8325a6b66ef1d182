import { oneByOne } from '../concurrency/batch-calls.ts';
import type { Database } from '../database/pool.ts';
import { atOneMoment, type Run } from '../database/transaction.ts';
import { type Candidates, candidatesOf, candidateTexts, countCandidates } from './candidates.ts';
import { conditionOf } from './conditions.ts';
import type { DossiersQuestion } from './question.ts';
import { joinService, keyOf, newValues, passes, type Values } from './sources.ts';

/** The codes of the dossiers behind one number, in order. */
export type CountedDossiersReader = (asked: DossiersQuestion) => Promise<readonly string[]>;

export function createCountedDossiersReader(database: Database): CountedDossiersReader {
  return oneByOne((asked) =>
    atOneMoment(database, async (run) => {
      // Each statement has an index for its rows, see decision 15.
      await run('SET LOCAL enable_seqscan = off');
      return dossiersOf(run, asked);
    }),
  );
}

/** Rows that a statement may gather and sort: some 10 ms. */
const FEW = 5_000;
/** Rows of a walk in the order of the codes: some 50 ms. */
const WALK = 100_000;

/**
 * Gathers and sorts candidates where they are few: all dossiers of the line, or those with a change of the column in the
 * period. Where they are many, a walk in the order of the codes finds a page soon.
 */
async function dossiersOf(run: Run, asked: DossiersQuestion): Promise<readonly string[]> {
  const cells = await cellsOf(run, asked);
  if (cells?.length === 0) return [];
  const inCells = cells ? await countIn(run, cells) : Number.POSITIVE_INFINITY;
  if (inCells <= FEW) return gather(run, asked, cells, undefined);
  const candidates = candidatesOf(asked);
  if ((await countCandidates(run, asked, candidates)) <= FEW) return gather(run, asked, cells, candidates);
  // A longer walk costs more than gathering the whole line.
  const page = await walk(run, asked, cells, Math.min(WALK, inCells));
  if (page.length === asked.limit) return page;
  return gather(run, asked, cells, inCells <= WALK ? undefined : candidates);
}

/** The dossiers behind the number among the next `length` ones in the order of the codes. */
async function walk(
  run: Run,
  asked: DossiersQuestion,
  cells: readonly number[] | undefined,
  length: number,
): Promise<readonly string[]> {
  const values = newValues();
  const rows = await run<{ code: string }>(
    `SELECT c.code FROM
       (SELECT * FROM counted c WHERE c.code > ${values.add(asked.after, 'text')} ORDER BY c.code LIMIT ${values.add(length, 'int8')}) c
     WHERE ${conditionOf(asked, values)} AND ${isIn(cells, values)}
     ORDER BY c.code LIMIT ${values.add(asked.limit, 'int4')}`,
    values.list,
  );
  return codesOf(rows);
}

function codesOf(rows: readonly { readonly code: string }[]): readonly string[] {
  return rows.map(({ code }) => code);
}

/** The cells of a line within the filter. Undefined for all cells. */
async function cellsOf(run: Run, { by, key, filter }: DossiersQuestion): Promise<readonly number[] | undefined> {
  const isLine = key !== undefined && by !== 'month';
  if (!isLine && Object.values(filter).every((one) => one === undefined)) return undefined;
  const values = newValues();
  const ofLine = isLine ? `${keyOf('k', by)} IS NOT DISTINCT FROM ${values.add(key, 'text')}` : 'true';
  const rows = await run<{ id: number }>(
    `SELECT k.id FROM total_cells k ${joinService('k')} WHERE ${ofLine} AND ${passes('k', filter, values)}`,
    values.list,
  );
  return rows.map(({ id }) => id);
}

function isIn(cells: readonly number[] | undefined, values: Values): string {
  return cells ? `c.cell = ANY(${values.add(cells, 'int4[]')})` : 'true';
}

async function countIn(run: Run, cells: readonly number[]): Promise<number> {
  const [found] = await run<{ n: number }>(
    `SELECT count(*)::int4 AS n FROM (SELECT 1 FROM counted WHERE cell = ANY($1::int4[]) LIMIT ${WALK + 1}) found`,
    [cells],
  );
  return found?.n ?? 0;
}

/** The dossiers behind the number among the candidates, or among all in the cells. */
async function gather(
  run: Run,
  asked: DossiersQuestion,
  cells: readonly number[] | undefined,
  candidates: Candidates | undefined,
): Promise<readonly string[]> {
  const values = newValues();
  const texts = candidates
    ? await candidateTexts(run, asked, candidates, values)
    : [`SELECT * FROM counted c WHERE ${isIn(cells, values)}`];
  const rows = await run<{ code: string }>(
    `WITH c AS MATERIALIZED (${texts.join(' UNION ALL ')})
     SELECT DISTINCT c.code FROM c
     WHERE c.code > ${values.add(asked.after, 'text')} AND ${conditionOf(asked, values)}
       AND ${candidates ? isIn(cells, values) : 'true'}
     ORDER BY c.code LIMIT ${values.add(asked.limit, 'int4')}`,
    values.list,
  );
  return codesOf(rows);
}
