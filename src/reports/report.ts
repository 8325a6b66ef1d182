/** A report as data: built once from totals, and written by each renderer. Texts are Vietnamese, because forms are. */
export interface Report {
  /** The number of the form, such as `II.06a/VPCP/KSTT`. */
  readonly number: string;
  readonly title: string;
  /** First and last day, `yyyy-MM-dd`. */
  readonly period: { readonly name: string; readonly from: string; readonly to: string };
  readonly reportedBy: string;
  readonly unit: string;
  /** Rows of headings. A cell may cover several columns and rows. */
  readonly head: readonly (readonly HeadCell[])[];
  readonly rows: readonly ReportRow[];
  readonly notes: readonly string[];
  /** The titles of those who sign. */
  readonly signatures: readonly string[];
}

export interface HeadCell {
  readonly text: string;
  readonly columns?: number;
  readonly rows?: number;
}

/** Numbers stay numbers. */
export interface ReportRow {
  readonly cells: readonly (string | number)[];
  readonly isTotal?: boolean;
}
