import { say, type Words } from '#messages/message';

/** The operators' entries in a party's code tables: by table, from a code to its value. */
export type CodesOf = (table: string) => ReadonlyMap<string, string>;

const NONE: ReadonlyMap<string, string> = new Map();
/** No entries. */
export const NO_CODES: CodesOf = () => NONE;

/** A code table as operators see it. Their entries override and extend it. */
export interface CodeTable {
  /** The name in causes of waiting items: `unmapped:<name>:<code>`. */
  readonly name: string;
  readonly title: string;
  /** The built-in entries: code, value and label. An entry without a code only names a possible value. */
  readonly entries: readonly { readonly code: string; readonly is: string; readonly label: string }[];
  /** Whether the table also translates our values into the partner's codes. */
  readonly bothWays: boolean;
}

/** The longest code of a table. Longer codes are cut in the key of a cause. */
export const LONGEST_CODE = 60;

/**
 * What a table expects in place of `to` as the value of `from`. Undefined if the table can map them. A code maps to a value
 * that the table knows. If the table works both ways, such a value also maps to any code of the partner.
 */
export function mappingProblem({ entries, bothWays }: CodeTable, from: string, to: string): Words | undefined {
  const meanings = new Set(entries.map((entry) => entry.is));
  if (bothWays && meanings.has(from))
    return to.length <= LONGEST_CODE ? undefined : say('code-up-to', { count: LONGEST_CODE });
  return meanings.has(to) ? undefined : say('one-of', { list: [...meanings] });
}
