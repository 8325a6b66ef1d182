import type { Problem, UnmappedCause } from '#core/problem';
import type { Codes } from './codes.ts';
import type { FieldRules } from './fields.ts';

/** The notes of reading one object of the dialect. */
export interface Reading {
  readonly codes: Codes;
  readonly problems: Problem[];
  readonly warnings: Problem[];
  /** Unmapped codes. The item waits for an operator. */
  readonly unmapped: { readonly path: string; readonly cause: UnmappedCause }[];
  /** The source in the dialect of each object of the record, by its place in the record. */
  readonly places: Map<string, Place>;
  /** The limit of lists in the record's schema. */
  readonly longestList: number;
}

interface Place {
  readonly from: string;
  readonly rules: FieldRules;
}

export type Raw = Readonly<Record<string, unknown>>;

export function startReading(codes: Codes, longestList = 1_000): Reading {
  return { codes, problems: [], warnings: [], unmapped: [], places: new Map(), longestList };
}
