import { monthsBetween } from '#core/dates/reporting-period';
import { partBetween } from '#core/statistics/parts';
import type { Run } from '../database/transaction.ts';
import type { Sums } from './numbers.ts';
import { type PartSums, readParts } from './part-sums.ts';
import type { StatisticsQuestion } from './question.ts';

/** The numbers of one month. */
export interface MonthNumbers {
  /** Received in the month. */
  readonly online: number;
  readonly direct: number;
  /** Resolved in the month, whenever received. */
  readonly resolved: number;
  readonly inTime: number;
}

export interface MonthlyLine {
  readonly key: string | null;
  readonly months: readonly MonthNumbers[];
}

/** The calendar months of a period, for all dossiers and for each line. */
export interface MonthlyNumbers {
  /** `yyyy-MM`, oldest first. */
  readonly months: readonly string[];
  readonly total: readonly MonthNumbers[];
  readonly lines: readonly MonthlyLine[];
}

/** One statement, because the totals of all months are read as parts of one question. */
export async function readMonthly(run: Run, question: StatisticsQuestion): Promise<MonthlyNumbers> {
  const months = monthsBetween(question.from, question.to);
  const read: PartSums = await readParts(
    run,
    question,
    months.map(({ from, to }) => partBetween(from, to)),
  );
  return {
    months: months.map(({ key }) => key),
    total: months.map((_, at) => monthNumbers(read.sum(at))),
    lines: read.keys.map((key) => ({ key, months: months.map((_, at) => monthNumbers(read.of(key, at))) })),
  };
}

function monthNumbers({ received, online, early, on_time, late }: Sums): MonthNumbers {
  const inTime = early + on_time;
  return { online, direct: received - online, resolved: inTime + late, inTime };
}
