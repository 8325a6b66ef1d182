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

/** Whether `from` is a value of ours for which a table needs a code of the partner. Otherwise it is a code of the partner. */
export function isOurValue({ entries, bothWays }: Pick<CodeTable, 'entries' | 'bothWays'>, from: string): boolean {
  return bothWays && entries.some(({ is }) => is === from);
}

/**
 * What a table expects in place of `to` as the value of `from`. Undefined if the table can map them. A code maps to a value
 * that the table knows, and a value of ours to any code of the partner.
 */
export function mappingProblem(table: CodeTable, from: string, to: string): Words | undefined {
  if (isOurValue(table, from))
    return to.length <= LONGEST_CODE ? undefined : say('code-up-to', { count: LONGEST_CODE });
  const meanings = new Set(table.entries.map(({ is }) => is));
  return meanings.has(to) ? undefined : say('one-of', { list: [...meanings] });
}
