import type { HeadCell } from '#core/statistics/report-head';
import type { FieldPlace } from '../statistics/report-numbers.ts';

/** A report as data: built once from totals, and written by each renderer. Texts are Vietnamese, because forms are. */
export interface Report {
  /** The number of the form, such as `II.06a/VPCP/KSTT`, if it has one. */
  readonly number?: string | undefined;
  readonly title: string;
  /** First and last day, `yyyy-MM-dd`. */
  readonly period: { readonly name: string; readonly from: string; readonly to: string };
  readonly reportedBy: string;
  readonly unit?: string | undefined;
  /** Rows of headings. A cell may cover several columns and rows. */
  readonly head: readonly (readonly HeadCell[])[];
  /** Widths of the columns in characters; the default suits numbers. */
  readonly widths: readonly number[];
  readonly rows: readonly ReportRow[];
  readonly notes: readonly string[];
  /** The titles of those who sign. */
  readonly signatures: readonly string[];
  /** Where a report in parts goes on. Undefined for a whole report. */
  readonly rest?: { readonly dossiers: number | null; readonly after: ReportPlace | null } | undefined;
}

/** The last dossier and line of a part, behind which the next part begins. */
export interface ReportPlace {
  readonly dossier: FieldPlace;
  readonly lines: number;
}

/** Numbers stay numbers. Null is a number that does not exist, such as a share of nothing. */
export type Cell = string | number | null;

export interface ReportRow {
  readonly cells: readonly Cell[];
  readonly isTotal?: boolean;
  /** Where the records behind each number are, by column: a path of the interface. */
  readonly links?: Readonly<Record<number, string>>;
}

/** The signatures of a report, unless its form names others. */
export const SIGNATURES = ['Người lập biểu', 'Thủ trưởng đơn vị'] as const;

/** The name of an agency in the catalogue. Without one, a code does not stand alone. */
export const agencyName = (key: string | null, name: string | null): string =>
  name ?? (key ? `Cơ quan mã ${key} (chưa có trong danh mục)` : 'Chưa rõ');

/** Columns numbered below their headings: (1), (2) and so on. */
export function numbered(count: number): readonly HeadCell[] {
  return Array.from({ length: count }, (_, at) => ({ text: `(${at + 1})` }));
}
