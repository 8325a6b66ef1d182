import { msToInstant, parseInstant } from '#core/dates/dates';
import { reportingPeriod } from '#core/dates/reporting-period';
import type { Rule } from '#core/statistics/rules';
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
import { addressesAt } from './links.ts';
import type { Report } from './report.ts';

/** The reports, by the names that commands and addresses use. */
export const REPORTS = [
  'ii06a',
  'online-services',
  'questions',
  'connections',
  'incidents',
  'availability',
  'fields',
  'asks',
] as const;
export type ReportName = (typeof REPORTS)[number];

export const REPORT_FORMATS = ['xlsx', 'pdf', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export interface ReportOptions {
  readonly by: 'agency' | 'field';
  readonly rule: Rule;
}

export interface Reports {
  /** The report of a period such as `2025-Q3`. */
  make(name: ReportName, period: string, options: ReportOptions): Promise<MadeReport>;
  /** The names of the numbers of a report whose records can be listed. */
  recordColumns(name: ReportName): readonly string[];
  /** The records behind one number of a report. @param wanted with one of its recordColumns */
  records(period: string, wanted: WantedRecords): Promise<FoundRecords>;
  /**
   * The report as a file.
   *
   * @param origin of the hub, such as `https://hub.example`: each number then leads to its records in the console
   */
  write(report: Report, format: ReportFormat, origin?: string): Promise<Uint8Array>;
}

export type FoundRecords = { readonly kind: 'found'; readonly records: readonly ReportRecord[] } | NoPeriod;

export type MadeReport = { readonly kind: 'made'; readonly report: Report; readonly behind: number | null } | NoPeriod;

type NoPeriod =
  /** The text names no period. */
  { readonly kind: 'no-period' } | { readonly kind: 'future'; readonly from: string };

/** Dossiers of one field report: what a spreadsheet still opens. */
const MOST_LINES = 100_000;

/**
 * @param province from the settings, if they name one
 * @param parties by id, for their names
 */
export function createReports(
  statistics: Pick<Statistics, 'report' | 'numbers'>,
  province: { readonly name: string; readonly reportingDay?: number | undefined } | undefined,
  parties: ReadonlyMap<string, { readonly title: string }>,
  nowMs: () => number,
): Reports {
  const { numbers } = statistics;
  const titleOf = (party: string): string => parties.get(party)?.title ?? party;
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
    fields: async (period, about) => {
      const lines = await numbers.fields(period, MOST_LINES + 1);
      return fieldReport(lines.slice(0, MOST_LINES), lines.length > MOST_LINES, about);
    },
    asks: async (period, about) => asks(await numbers.asks(period), about, titleOf),
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
      // Counting first, so that each report covers the newest changes.
      const { behind } = await count(span, options);
      return { kind: 'made', report: await makers[name](span, about, options), behind };
    },
    recordColumns: numbers.recordColumns,
    async records(period, wanted) {
      const found = spanOf(period, province?.reportingDay, nowMs());
      if (found.kind !== 'span') return found;
      return { kind: 'found', records: await numbers.recordsBehind(found.span, wanted) };
    },
    write: writeReport,
  };
}

/** The first and last instant of a period, the present, and its days. */
function spanOf(period: string, reportingDay: number | undefined, nowMs: number) {
  const days = reportingPeriod(period, reportingDay);
  if (!days) return { kind: 'no-period' } as const;
  const from = parseInstant(`${days.from}T00:00:00+07:00`) as string;
  const to = parseInstant(`${days.to}T23:59:59.999+07:00`) as string;
  const now = msToInstant(nowMs);
  if (from > now) return { kind: 'future', from: days.from } as const;
  return { kind: 'span', days, span: { from, to, now } } as const;
}

/** The writers are loaded on first use, because few processes ever write a file. */
const writeReport: Reports['write'] = async (report, format, origin) => {
  const addressOf = origin === undefined ? () => undefined : addressesAt(origin);
  if (format === 'pdf') return (await import('./pdf.ts')).reportPdf(report, addressOf);
  if (format === 'csv') return (await import('./csv.ts')).reportCsv(report, addressOf);
  return (await import('./xlsx.ts')).reportXlsx(report, addressOf);
};
