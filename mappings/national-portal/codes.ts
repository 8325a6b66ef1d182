import { type CodesOf, type CodeTable, NO_CODES } from '#core/identifiers/codes';
import type { Status } from '#schemas/dossier.upsert.v1';
import data from './codes.json' with { type: 'json' };

/** An entry with `reads` is not used for writing: another code has its meaning there. */
interface Entry {
  readonly is: Meaning;
  readonly label: string;
  readonly reads?: boolean;
}
const TABLES: Readonly<Record<TableName, Readonly<Record<string, Entry>>>> = data.tables;
const OTHERWISE: { readonly [S in Status]?: readonly string[] } = data.statusDatesOtherwise;

/** A code table of the national portal, by its subject. codes.json holds the reviewed data. */
export type TableName = keyof typeof data.tables;
export type Meaning = string | boolean;

interface Table {
  readonly meanings: ReadonlyMap<string, Meaning>;
  readonly codes: ReadonlyMap<Meaning, string>;
  readonly labels: ReadonlyMap<string, string>;
}
export type Codes = Readonly<Record<TableName, Table>>;

/** Additions and changes to the tables in a party's settings: table → code → meaning. */
export type CodeOverrides = { readonly [T in TableName]?: Readonly<Record<string, Meaning>> };

/** The tables with a party's settings over them, and the operators' entries over both. */
export function createCodes(overrides: CodeOverrides = {}, entered: CodesOf = NO_CODES): Codes {
  const tables = Object.entries(TABLES).map(([name, entries]) => {
    const labels = new Map(Object.entries(entries).map(([code, entry]) => [code, entry.label]));
    const meanings = new Map<string, Meaning>(Object.entries(entries).map(([code, entry]) => [code, entry.is]));
    for (const [code, meaning] of Object.entries(overrides[name as TableName] ?? {})) meanings.set(code, meaning);
    const known = new Map([...meanings.values()].map((meaning) => [String(meaning), meaning]));
    const codes = new Map<Meaning, string>();
    for (const [code, meaning] of meanings)
      if (!codes.has(meaning) && entries[code]?.reads !== true) codes.set(meaning, code);
    // A mapping from our value to a code is for writing. A mapping from a code to our value is for reading.
    for (const [from, to] of entered(enteredName(name)))
      if (known.has(from)) codes.set(known.get(from) as Meaning, to);
      else if (known.has(to)) meanings.set(from, known.get(to) as Meaning);
    return [name, { meanings, codes, labels }] as const;
  });
  return Object.fromEntries(tables) as unknown as Codes;
}

export const CODES: Codes = createCodes();

const withEntries = new WeakMap<CodesOf, Codes>();

/** The tables with the operators' entries for a party, cached by entries. */
export function codesWith(entered: CodesOf): Codes {
  const known = withEntries.get(entered);
  if (known) return known;
  const codes = createCodes({}, entered);
  withEntries.set(entered, codes);
  return codes;
}

/** The name of a table in the causes of waiting items and in operators' entries. */
export function enteredName(table: string): string {
  return `national-${table}`;
}

/** The tables as operators see them, for every party that uses this dialect. */
export const NATIONAL_TABLES: readonly CodeTable[] = Object.entries(TABLES).map(([name, entries]) => ({
  name: enteredName(name),
  title: `National portal: ${name}`,
  entries: Object.entries(entries).map(([code, { is, label }]) => ({ code, is: String(is), label })),
  bothWays: true,
}));

/** The meaning of a code. Undefined if no table maps it. */
export function meaningOf(codes: Codes, table: TableName, code: string): Meaning | undefined {
  return codes[table].meanings.get(code);
}

/** The code for a meaning, the first of several. Undefined without any. */
export function codeOf(codes: Codes, table: TableName, meaning: Meaning): string | undefined {
  return codes[table].codes.get(meaning);
}

/** The codes of a table for people: `1 (Mới đăng ký), 2 (Được tiếp nhận)`. */
export function shownCodes(codes: Codes, table: TableName): readonly string[] {
  const { meanings, labels } = codes[table];
  return [...meanings].map(([code, meaning]) => `${code} (${labels.get(code) ?? meaning})`);
}

/** Whether a table means yes or no, so that JSON booleans and "True"/"False" can replace its codes. */
export function isYesNo(codes: Codes, table: TableName): boolean {
  return [...codes[table].codes.keys()].every((meaning) => typeof meaning === 'boolean');
}

/** The dates of a record that belong to a status. `otherwise` lists those to use if older systems have none of them. */
export function datesOf(status: Status): { readonly fields: readonly string[]; readonly otherwise: readonly string[] } {
  return { fields: data.statusDates[status], otherwise: OTHERWISE[status] ?? [] };
}

/** How to recognise a kind of reply that has no code of its own. */
export interface ReplyPattern {
  readonly codes: readonly string[];
  /** One of these must be in the message, whatever its marks and case. */
  readonly texts: readonly string[];
  /** Or one of these `texts` ends a clause that begins with the subject `is`, and with no part of it (`isNot`). */
  readonly subject?: { readonly is: string; readonly isNot: readonly string[]; readonly texts: readonly string[] };
}
export const REPLY_PATTERNS: Readonly<Record<keyof typeof data.replies, ReplyPattern>> = data.replies;
