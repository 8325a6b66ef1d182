import { monthsBetween } from '#core/dates/reporting-period';
import { latenessAfter, partAfter, partBefore, partBetween } from '#core/statistics/parts';
import { type fewAtOnce, shareByKey } from '../concurrency/batch-calls.ts';
import type { Database } from '../database/pool.ts';
import { atOneMoment, type Run } from '../database/transaction.ts';
import { ofLevel } from './agency-levels.ts';
import { type MonthlyLine, type MonthlyNumbers, readMonthly } from './monthly.ts';
import { addSums, type CountedNumbers, numbersOf } from './numbers.ts';
import { readDueLater, readParts } from './part-sums.ts';
import type { StatisticsQuestion } from './question.ts';

export interface CountedLine extends CountedNumbers {
  /** The code or month (`yyyy-MM`) of the line. Null for dossiers without one. */
  readonly key: string | null;
  readonly name: string | null;
}

export interface CountedAnswer {
  readonly total: CountedNumbers;
  /** Ordered by key, with the line without a key at the end. Lines without dossiers are left out. */
  readonly lines: readonly CountedLine[];
  /** How many recorded events are not counted yet. Undefined while all dossiers are counted again. */
  readonly behind: number | undefined;
}

export interface NamedMonths extends Omit<MonthlyNumbers, 'lines'> {
  readonly lines: readonly (MonthlyLine & Pick<CountedLine, 'name'>)[];
}

/**
 * Answers from one snapshot. Callers who wait with the same question share its answer, at the moment of the first of them.
 */
export interface StatisticsReader {
  numbers(question: StatisticsQuestion): Promise<CountedAnswer>;
  /** The busiest lines, month by month. @param most the number of lines */
  monthly(question: StatisticsQuestion, most: number): Promise<NamedMonths>;
}

export function createStatisticsReader(database: Database, inTurn: ReturnType<typeof fewAtOnce>): StatisticsReader {
  const atOnce = <T>(work: (run: Run) => Promise<T>): Promise<T> => inTurn(() => atOneMoment(database, work));
  return {
    numbers: shareByKey(
      (question: StatisticsQuestion) => atOnce((run) => answer(run, question)),
      ({ now: _, ...question }) => JSON.stringify(question),
    ),
    monthly: (question, most) => atOnce((run) => busiestMonths(run, question, most)),
  };
}

async function answer(run: Run, question: StatisticsQuestion): Promise<CountedAnswer> {
  const behind = await readBehind(run);
  const all = question.by === 'month' ? await byMonth(run, question) : await byKey(run, question);
  const { total, lines } = question.level === undefined ? all : await ofLevel(run, all.lines, question.level);
  return { total, lines, behind };
}

async function busiestMonths(run: Run, question: StatisticsQuestion, most: number): Promise<NamedMonths> {
  const { lines, ...read } = await readMonthly(run, question);
  const resolvedIn = ({ months }: MonthlyLine) => months.reduce((sum, { resolved }) => sum + resolved, 0);
  const busiest = lines
    .filter((line) => line.key !== null && resolvedIn(line) > 0)
    .sort((a, b) => resolvedIn(b) - resolvedIn(a))
    .slice(0, most);
  const names = await namesOf(
    run,
    question,
    busiest.map(({ key }) => key),
  );
  return { ...read, lines: busiest.map((line) => ({ ...line, name: names.get(line.key ?? '') ?? null })) };
}

/** How many recorded events are not counted yet. Undefined while all dossiers are counted again. */
export async function readBehind(run: Run): Promise<number | undefined> {
  const [state] = await run<{ behind: number | null }>(BEHIND);
  return state?.behind ?? undefined;
}

const BEHIND = `
  SELECT CASE WHEN s.filled_to IS NULL THEN c.value - s.cursor + (SELECT count(*) FROM recounts) END AS behind
  FROM counted_state s CROSS JOIN change_counter c`;

type Numbers = Pick<CountedAnswer, 'total' | 'lines'>;

/** Before the period, the period, and the days to come within it. */
async function byKey(run: Run, question: StatisticsQuestion): Promise<Numbers> {
  const { from, to, now } = question;
  const read = await readParts(run, question, [partBefore(from), partBetween(from, to), latenessAfter(now, to)]);
  const dueLater = await readDueLater(run, question, read, 2, to);
  const lineOf = (key: string | null) => numbersOf(read.of(key, 0), read.of(key, 1), dueLater.get(key) ?? 0);
  const keys = read.keys.filter((key) => lineOf(key).received.total > 0).sort(byBytes);
  const names = await namesOf(run, question, keys);
  return {
    total: numbersOf(read.sum(0), read.sum(1), sumOf(dueLater)),
    lines: keys.map((key) => ({ key, name: (key !== null && names.get(key)) || null, ...lineOf(key) })),
  };
}

/** Before the period, each month that has begun, the rest of the period, and the days to come. */
async function byMonth(run: Run, question: StatisticsQuestion): Promise<Numbers> {
  const { from, to, now } = question;
  const months = monthsBetween(from, to).filter((month) => month.from <= now);
  const end = months.at(-1)?.to;
  const later = months.length + 1;
  const read = await readParts(run, question, [
    partBefore(from),
    ...months.map((month) => partBetween(month.from, month.to)),
    end === undefined ? partBetween(from, to) : partAfter(end, to),
    latenessAfter(now, end ?? now),
    latenessAfter(now, to),
  ]);
  const dueInMonth = end === undefined ? 0 : sumOf(await readDueLater(run, question, read, later + 1, end));
  const dueInPeriod = sumOf(await readDueLater(run, question, read, later + 2, to));
  let before = read.sum(0);
  const lines = months.map(({ key }, at) => {
    const month = read.sum(at + 1);
    const line = { key, name: null, ...numbersOf(before, month, at === months.length - 1 ? dueInMonth : 0) };
    before = addSums(before, month);
    return line;
  });
  const period = [...months.map((_, at) => read.sum(at + 1)), read.sum(later)].reduce(addSums);
  return { total: numbersOf(read.sum(0), period, dueInPeriod), lines };
}

function sumOf(numbers: ReadonlyMap<string | null, number>): number {
  return [...numbers.values()].reduce((sum, one) => sum + one, 0);
}

/** The names of agencies, fields and services in the catalogue. */
async function namesOf(
  run: Run,
  { by }: StatisticsQuestion,
  keys: readonly (string | null)[],
): Promise<ReadonlyMap<string, string>> {
  if (by === 'channel' || keys.length === 0) return new Map();
  const rows = await run<{ key: string; name: string }>(
    'SELECT key, name FROM catalogue WHERE kind = $1 AND key = ANY($2::text[])',
    [by, keys],
  );
  return new Map(rows.map(({ key, name }) => [key, name]));
}

/** The order of COLLATE "C", with null last. */
function byBytes(one: string | null, other: string | null): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
