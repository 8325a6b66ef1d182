import type { AgencyLevel, Column, Group } from '#core/statistics/columns';
import type { Rule } from '#core/statistics/rules';

export interface CountedFilter {
  /** An agency code. Subordinate agencies are included. */
  readonly agency: string | undefined;
  readonly field: string | undefined;
  /** The short form of a procedure code. */
  readonly service: string | undefined;
}

export interface StatisticsQuestion {
  readonly rule: Rule;
  readonly by: Group;
  /** The first and last moment, as instants. */
  readonly from: string;
  readonly to: string;
  readonly filter: CountedFilter;
  /** By agency: only the lines of agencies of this level, and their total. */
  readonly level?: AgencyLevel | undefined;
  /**
   * The present moment. Pending dossiers of a period are late by the period's end, or by this moment if it comes first.
   */
  readonly now: string;
}

/** A question for the dossiers behind one number of a report. By month, it is about one month. */
export interface DossiersQuestion extends StatisticsQuestion {
  readonly column: Column;
  /** The key of one line, null for the line without a key, undefined for all lines. Ignored by month. */
  readonly key: string | null | undefined;
  /** The code after which the list begins. */
  readonly after: string;
  readonly limit: number;
}
