/** What operators have entered of a party's code tables: by table, from a code to what it stands for. */
export type CodesOf = (table: string) => ReadonlyMap<string, string>;

const NONE: ReadonlyMap<string, string> = new Map();
/** Nothing was entered. */
export const NO_CODES: CodesOf = () => NONE;

/** A code table that somebody reads, as operators see it. Entries of theirs say otherwise, or more. */
export interface CodeTable {
  /** As in the cause of what waits for it: `unmapped:<name>:<code>`. */
  readonly name: string;
  readonly title: string;
  /** What it says by itself: a code, what it stands for, and the words for it. Without a code: what one may stand for. */
  readonly entries: readonly { readonly code: string; readonly is: string; readonly label: string }[];
  /** Whether it is read from our words to the partner's codes too. */
  readonly bothWays: boolean;
}

/** The longest code of a table; codes that partners make up are cut there in the key of a cause. */
export const LONGEST_CODE = 60;

/**
 * Why a table cannot say that `from` stands for `to`; undefined when it can. From a code it has to be one of the
 * meanings that the table knows; from such a meaning, where it is read both ways, any code of the partner's.
 */
export function mappingProblem({ entries, bothWays }: CodeTable, from: string, to: string): string | undefined {
  const meanings = new Set(entries.map((entry) => entry.is));
  if (bothWays && meanings.has(from))
    return to.length <= LONGEST_CODE ? undefined : `expected a code of at most ${LONGEST_CODE} characters`;
  return meanings.has(to) ? undefined : `expected one of ${[...meanings].join(', ')}`;
}
