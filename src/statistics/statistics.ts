import { monthsBetween } from '#core/dates/reporting-period';
import type { WorkingTime } from '#core/dates/working-time';
import { percentOf } from '#core/statistics/percent';
import type { Rule } from '#core/statistics/rules';
import { createEntryCache } from '../catalogue/entry-cache.ts';
import { fewAtOnce, shareByKey } from '../concurrency/batch-calls.ts';
import type { Database } from '../database/pool.ts';
import { atOneMoment } from '../database/transaction.ts';
import type { HubContext } from '../process/hub-context.ts';
import { NO_NUMBERS } from './agency-levels.ts';
import { countChanges } from './count.ts';
import { type Counter, recountAfterCalendar } from './count-state.ts';
import { createCountedDossiersReader } from './dossiers-reader.ts';
import { monthFigures } from './month-figures.ts';
import type { CountedNumbers } from './numbers.ts';
import type { DossiersQuestion, StatisticsQuestion } from './question.ts';
import { type CountedLine, createStatisticsReader, type NamedMonths, readBehind } from './reader.ts';
import { createReportNumbers, type ReportNumbers } from './report-numbers.ts';

/** Numbers of a line, and the percentage of resolved dossiers that were on time. 100 means all, null without any. */
export interface ReportedNumbers extends CountedNumbers {
  readonly onTimePercent: number | null;
}

export type { NamedMonths } from './reader.ts';

export interface StatisticsReport extends Pick<StatisticsQuestion, 'rule' | 'by' | 'from' | 'to'> {
  /** Changes of dossiers that are not counted yet. Null while all dossiers are counted again. */
  readonly behind: number | null;
  readonly total: ReportedNumbers;
  readonly items: readonly (ReportedNumbers & Pick<CountedLine, 'key' | 'name'>)[];
}

export interface StatisticsReports {
  /** All lines of a report. */
  report(question: StatisticsQuestion): Promise<StatisticsReport>;
  /** The busiest lines of a report, month by month. @param most the number of lines */
  monthly(question: StatisticsQuestion, most: number): Promise<NamedMonths>;
  /** The codes of the dossiers behind one number, in order. */
  dossiers(question: DossiersQuestion): Promise<readonly string[]>;
}

export interface Statistics extends StatisticsReports {
  /** Counts dossiers that changed since the last time, for the scheduler. Every process may call it; one at a time counts. */
  count(): Promise<void>;
  /** Has dossiers counted again whose terms run in the working calendar, if it has changed. */
  recountAfterCalendar(): Promise<void>;
  /** How many changes are not counted. Null while all dossiers are counted again. */
  behind(): Promise<number | null>;
  readonly numbers: ReportNumbers;
  /** The counts of a calendar month (`yyyy-MM`) over all agencies, with its ratings. */
  figures(month: string, rule: Rule): ReturnType<typeof monthFigures<ReportedNumbers>>;
}

export function createStatistics(
  { database, vault, nowMs, telemetry }: Pick<HubContext, 'database' | 'vault' | 'nowMs' | 'telemetry'>,
  workingTime: WorkingTime,
): Statistics {
  const entries = createEntryCache(database, nowMs);
  const counting = { database, vault, entries, workingTime, onFault: telemetry.failed };
  const count = shareByKey((counter: Counter) => countChanges(counting, counter));
  // A report shows uncounted changes as `behind`, and the log has the error.
  const countFirst = () => count('reader').catch((error) => telemetry.failed('count', error));
  const reports = createStatisticsReports(database);
  const numbers = createReportNumbers(database);
  const report: Statistics['report'] = async (question) => {
    await countFirst();
    return reports.report(question);
  };
  return {
    numbers,
    report,
    count: () => count('scheduler'),
    recountAfterCalendar: () => recountAfterCalendar(database, workingTime.calendar),
    async behind() {
      await countFirst();
      return (await atOneMoment(database, readBehind)) ?? null;
    },
    figures: (month, rule) => monthFigures({ report, numbers }, { month, rule, nowMs: nowMs() }),
    async monthly(question, most) {
      await countFirst();
      return reports.monthly(question, most);
    },
    async dossiers(question) {
      await countFirst();
      return reports.dossiers(question);
    },
  };
}

/** The doors need the database too. */
const QUESTIONS_AT_ONCE = 2;

/** Reports on what is counted so far. A replica counts nothing. */
export function createStatisticsReports(database: Database): StatisticsReports {
  const inTurn = fewAtOnce(QUESTIONS_AT_ONCE);
  const read = createStatisticsReader(database, inTurn);
  return {
    dossiers: createCountedDossiersReader(database, inTurn),
    monthly: read.monthly,
    async report(question) {
      const { rule, by, from, to, now } = question;
      const { total, lines, behind } = await read.numbers(question);
      // Future months have no line.
      const items = by === 'month' ? withEmptyMonths(monthsBetween(from, to < now ? to : now), lines) : lines;
      return {
        rule,
        by,
        from,
        to,
        behind: behind ?? null,
        total: withShare(total, rule),
        items: items.map((line) => ({ key: line.key, name: line.name, ...withShare(line, rule) })),
      };
    },
  };
}

/** Adds a line for each month without any dossier. */
function withEmptyMonths(months: readonly { readonly key: string }[], lines: readonly CountedLine[]) {
  const known = new Map(lines.map((line) => [line.key, line]));
  return months.map(({ key }) => known.get(key) ?? { key, name: null, ...NO_NUMBERS });
}

function withShare({ received, resolved, pending }: CountedNumbers, rule: Rule): ReportedNumbers {
  return { received, resolved, pending, onTimePercent: onTimePercent(resolved, rule) };
}

/** OpenCPS reports 100 if nothing was resolved. The index of QĐ 766 then has no value. */
function onTimePercent({ total, early, onTime }: CountedNumbers['resolved'], rule: Rule): number | null {
  return percentOf(early + onTime, total) ?? (rule === 'opencps' ? 100 : null);
}
