import { msToInstant } from '#core/dates/dates';
import { monthsBetween } from '#core/dates/reporting-period';
import type { Rule } from '#core/statistics/rules';
import type { StatisticsQuestion } from './question.ts';
import type { ReportNumbers } from './report-numbers.ts';

interface Counting<Numbers> {
  report(question: StatisticsQuestion): Promise<{ readonly total: Numbers }>;
  readonly numbers: Pick<ReportNumbers, 'records'>;
}

/**
 * The counts of a calendar month over all agencies, with its ratings by level.
 *
 * @param month `yyyy-MM`
 */
export async function monthFigures<Numbers extends object>(
  { report, numbers }: Counting<Numbers>,
  { month, rule, nowMs }: { readonly month: string; readonly rule: Rule; readonly nowMs: number },
): Promise<Numbers & { readonly ratings: Readonly<Record<string, number>> }> {
  const first = `${month}-01T00:00:00+07:00`;
  const { from, to } = monthsBetween(first, `${month}-31T23:59:59.999+07:00`)[0] ?? { from: first, to: first };
  const now = msToInstant(nowMs);
  const filter = { agency: undefined, field: undefined, service: undefined };
  const { total } = await report({ rule, by: 'month', from, to, now, filter });
  const ratings: Record<string, number> = {};
  for (const line of await numbers.records({ from, to, now }))
    for (const [level, count] of Object.entries(line.ratings)) ratings[level] = (ratings[level] ?? 0) + count;
  return { ...total, ratings };
}
