import { reportCsv } from './csv.ts';
import { type AddressOf, addressesAt } from './links.ts';
import type { Report } from './report.ts';

export const REPORT_FORMATS = ['xlsx', 'pdf', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** A report to write as a file. */
export interface FileAsked {
  readonly report: Report;
  readonly format: ReportFormat;
  /** Of the hub, such as `https://hub.example`; undefined for a file without links. */
  readonly origin: string | undefined;
}

/** The writers are loaded on first use, because few processes ever write a file. */
export async function writeFile({ report, format, origin }: FileAsked): Promise<Uint8Array> {
  const addressOf: AddressOf = origin === undefined ? () => undefined : addressesAt(origin);
  if (format === 'pdf') return (await import('./pdf.ts')).reportPdf(report, addressOf);
  if (format === 'csv') return reportCsv(report, addressOf);
  return (await import('./xlsx.ts')).reportXlsx(report, addressOf);
}
