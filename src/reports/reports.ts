import { endOfDay, msToInstant, startOfDay } from '#core/dates/dates';
import { reportingPeriod } from '#core/dates/reporting-period';
import type { ReportName } from '#core/statistics/report-paths';
import type { Rule } from '#core/statistics/rules';
import { createThreads } from '../concurrency/threads.ts';
import type { ReportPeriod, ReportRecord, WantedRecords } from '../statistics/report-records.ts';
import type { Statistics } from '../statistics/statistics.ts';
import { fieldReport } from './field-report.ts';
import { formII06a } from './form-ii06a.ts';
import {
  type About,
  asks,
  availability,
  connections,
  incidents,
  onlineServices,
  questionsAndRatings,
} from './forms.ts';
import type { Report, ReportPlace } from './report.ts';
import { type FileAsked, type ReportFormat, writeFile } from './write.ts';

export interface ReportOptions {
  readonly by: 'agency' | 'field';
  readonly rule: Rule;
  /** For the field report: only the dossiers of this agency. */
  readonly agency?: string | undefined;
  /** For the field report: the most lines. A dossier is never split. */
  readonly lines?: number | undefined;
  /** For the field report: the end of the part before. */
  readonly after?: ReportPlace | undefined;
}

export interface Reports {
  /** The report of a period such as `2025-Q3`. */
  make(name: ReportName, period: string, options: ReportOptions): Promise<MadeReport>;
  /** The names of the numbers of a report whose records can be listed. */
  recordColumns(name: ReportName): readonly string[];
  /** The records behind one number of a report. @param wanted with one of its recordColumns */
  records(period: string, wanted: WantedRecords): Promise<FoundRecords>;
  /** How many records are behind the number: null for more than 10,000. Undefined for a text that names no past period. */
  countRecords(
    period: string,
    wanted: Pick<WantedRecords, 'report' | 'column' | 'key'>,
  ): Promise<number | null | undefined>;
  /** The most lines of a file in this format. More take a spreadsheet or a reader of PDF too long. */
  mostLines(format: ReportFormat): number;
  /**
   * The report as a file. It is written in a thread, so that other requests run meanwhile.
   *
   * @param origin of the hub, such as `https://hub.example`: each number then leads to its records in the console
   */
  write(report: Report, format: ReportFormat, origin?: string): Promise<Uint8Array>;
}

export type FoundRecords = { readonly kind: 'found'; readonly records: readonly ReportRecord[] } | NoPeriod;

export type MadeReport = { readonly kind: 'made'; readonly report: Report; readonly behind: number | null } | NoPeriod;

/** Why a text names no period of a report. */
export type NoPeriod =
  /** It has another form. */
  { readonly kind: 'no-period' } | { readonly kind: 'future'; readonly from: string };

/** Lines of one report, and of its files: 30,000 as XLSX and 3,000 as PDF take 4 s of processor time. */
const MOST_LINES = 100_000;
const MOST_IN_FILE: Readonly<Record<ReportFormat, number>> = { csv: MOST_LINES, xlsx: 30_000, pdf: 3_000 };
/** A table of fewer lines as CSV takes less than 20 ms. */
const SHORT = 1_000;

/**
 * @param province from the settings, if they name one
 * @param parties by id, for their names and those of their questions
 */
export function createReports(
  statistics: Pick<Statistics, 'report' | 'numbers' | 'behind'>,
  province: { readonly name: string; readonly reportingDay?: number | undefined } | undefined,
  parties: ReadonlyMap<string, { readonly title: string; readonly questions: ReadonlyMap<string, string> }>,
  nowMs: () => number,
): Reports {
  const { numbers } = statistics;
  const titleOf = (party: string): string => parties.get(party)?.title ?? party;
  const questionOf = (party: string, name: string): string => parties.get(party)?.questions.get(name) ?? name;
  const count = async ({ from, to, now }: ReportPeriod, { by, rule }: ReportOptions) =>
    statistics.report({ rule, by, from, to, now, filter: { agency: undefined, field: undefined, service: undefined } });
  const makers: Readonly<
    Record<ReportName, (period: ReportPeriod, about: About, options: ReportOptions) => Promise<Report>>
  > = {
    ii06a: async (period, about, options) =>
      formII06a(await count(period, options), { period: about.period.name, reportedBy: about.reportedBy }),
    'online-services': async (period, about) => onlineServices(await numbers.online(period), about),
    questions: async (period, about) => questionsAndRatings(await numbers.records(period), about),
    connections: async (period, about) => connections(await numbers.connections(period), about, titleOf),
    fields: async (period, about, { agency, lines: most = MOST_LINES, after }) => {
      // Each dossier of the report has a line or more.
      const found = await numbers.fields(period, { agency, after: after?.dossier, limit: most + 1 });
      return fieldReport(found, { after, most }, about, () => numbers.countFields(period, agency));
    },
    asks: async (period, about) => asks(await numbers.asks(period), about, { titleOf, questionOf }),
    incidents: async (period, about) => incidents(await numbers.incidents(period), about, { now: period.now, titleOf }),
    availability: async (period, about) =>
      availability(
        { api: await numbers.availability('api', period), worker: await numbers.availability('worker', period) },
        about,
      ),
  };

  return {
    async make(name, period, options) {
      const found = spanOf(period, province?.reportingDay, nowMs());
      if (found.kind !== 'span') return found;
      const { days, span } = found;
      const about = { period: { name: period, ...days }, reportedBy: province?.name ?? 'Liên Thông' };
      // Before the report, which may cover more meanwhile.
      const behind = await statistics.behind();
      return { kind: 'made', report: await makers[name](span, about, options), behind };
    },
    recordColumns: numbers.recordColumns,
    async records(period, wanted) {
      const found = spanOf(period, province?.reportingDay, nowMs());
      if (found.kind !== 'span') return found;
      return { kind: 'found', records: await numbers.readRecordsOf(found.span, wanted) };
    },
    async countRecords(period, wanted) {
      const found = spanOf(period, province?.reportingDay, nowMs());
      return found.kind === 'span' ? numbers.countRecordsOf(found.span, wanted) : undefined;
    },
    mostLines: (format) => MOST_IN_FILE[format],
    write: writeReport,
  };
}

/** The first and last instant of a period, the present, and its days. */
function spanOf(period: string, reportingDay: number | undefined, nowMs: number) {
  const days = reportingPeriod(period, reportingDay);
  if (!days) return { kind: 'no-period' } as const;
  const [from, to] = [startOfDay(days.from), endOfDay(days.to)];
  const now = msToInstant(nowMs);
  if (from > now) return { kind: 'future', from: days.from } as const;
  return { kind: 'span', days, span: { from, to, now } } as const;
}

const inThread = createThreads<FileAsked, Uint8Array>('src/reports/write-thread.ts');

const writeReport: Reports['write'] = (report, format, origin) => {
  const asked = { report, format, origin };
  return format === 'csv' && report.rows.length < SHORT ? writeFile(asked) : inThread(asked);
};
