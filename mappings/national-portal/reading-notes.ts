import type { Problem } from '#core/problem';
import type { Codes } from './codes.ts';
import type { FieldRules } from './fields.ts';

/** What is noted while one value of the dialect is read. */
export interface Reading {
  readonly codes: Codes;
  readonly problems: Problem[];
  readonly warnings: Problem[];
  /** Codes that no table maps: the item waits for a person. */
  readonly unmapped: { readonly key: string; readonly path: string; readonly message: string }[];
  /** Where in the dialect each object of the record came from, by its place in the record. */
  readonly places: Map<string, Place>;
  /** As the record's schema has it. */
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
