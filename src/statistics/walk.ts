import type { Run } from '../database/transaction.ts';
import { type FoundRange, rangesOf } from './code-ranges.ts';
import { conditionOf } from './conditions.ts';
import type { DossiersQuestion } from './question.ts';
import { isInLine, isOfLine, isServiceLine, joinService, newValues } from './sources.ts';

/** Rows of the first statement in a range. The next ones read more. */
const FIRST_STEP = 250;
const LARGEST_STEP = 4_000;
/** Most pages need few ranges. 500 ranges read 9,248 rows of `code_ranges`, 25 read 480. */
const RANGES = [25, 500];

/**
 * The first dossiers behind a number, in the order of their codes: of those that are pending, which have an index of their
 * own, and of those that have ended. Of a service, it looks at no dossiers of others.
 * @param most the rows to look at
 * @returns undefined if the page may lack dossiers after that many rows
 */
export async function walk(run: Run, asked: DossiersQuestion, most: number): Promise<readonly string[] | undefined> {
  const pending = await walkThrough(run, asked, 'pending', most);
  if (!pending) return undefined;
  // Those behind a full page do not matter.
  const ended = await walkThrough(run, asked, 'ended', most, pending[asked.limit - 1]);
  if (!ended) return undefined;
  return [...new Set([...ended, ...pending])].sort(byBytes).slice(0, asked.limit);
}

async function walkThrough(
  run: Run,
  asked: DossiersQuestion,
  of: 'ended' | 'pending',
  most: number,
  end?: string,
): Promise<readonly string[] | undefined> {
  const found: string[] = [];
  let [left, after] = [most, asked.after];
  for (const size of RANGES) {
    const { ranges, until } = await rangesOf(run, { ...asked, after }, of, size);
    for (const range of ranges) {
      if (end !== undefined && range.first > end) return found;
      // A range that was not read may overlap this one.
      if (until !== undefined && range.last >= until) break;
      for (let length = FIRST_STEP; ; length = Math.min(length * 2, LARGEST_STEP)) {
        const { codes, rows, last } = await step(run, asked, of, { ...range, after, length });
        found.push(...codes);
        if (found.length >= asked.limit) return found;
        left -= rows;
        if (rows < length) break;
        after = last as string;
        if (end !== undefined && after >= end) return found;
        if (left <= 0) return undefined;
      }
      after = range.last;
    }
    if (until === undefined) return found;
  }
  return undefined;
}

interface Step {
  /** Those behind the number among the next rows. */
  readonly codes: readonly string[];
  readonly rows: number;
  readonly last: string | null;
}

async function step(
  run: Run,
  asked: DossiersQuestion,
  of: 'ended' | 'pending',
  { first, last, agencies, after, length }: FoundRange & { readonly after: string; readonly length: number },
): Promise<Step> {
  const values = newValues();
  const { rule } = asked;
  const codes = [
    `c.code > ${values.add(after, 'text')}`,
    `c.code BETWEEN ${values.add(first, 'text')} AND ${values.add(last, 'text')}`,
    // The words of the partial index counted_pending.
    ...(of === 'pending' ? [`c.began_${rule} IS NOT NULL AND c.ended_${rule} IS NULL`] : []),
  ].join(' AND ');
  const ordered = `ORDER BY c.code LIMIT ${values.add(length, 'int8')}`;
  const rowsOf = (condition: string) => `SELECT * FROM counted c WHERE ${condition} AND ${codes} ${ordered}`;
  const isOfService = isServiceLine(asked) && agencies.length > 0;
  const rows = isOfService
    ? `SELECT c.* FROM total_cells k ${joinService('k')} CROSS JOIN LATERAL (${rowsOf('c.cell = k.id')}) c
       WHERE k.agency_code = ANY(${values.add(agencies, 'text[]')}) AND ${isOfLine('k', asked, values)} ${ordered}`
    : rowsOf('true');
  const [found] = await run<Step>(
    `SELECT coalesce(array_agg(code ORDER BY code) FILTER (WHERE counts), '{}') AS codes, count(*)::int4 AS rows, max(code) AS last
     FROM (
       SELECT c.code, ${conditionOf(asked, values)} AND ${isOfService ? 'true' : isInLine(asked, values)} AS counts
       FROM (${rows}) c) s`,
    values.list,
  );
  return found as Step;
}

/** Codes have only ASCII characters. */
function byBytes(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
