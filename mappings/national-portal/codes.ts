import { type CodesOf, type CodeTable, NO_CODES } from '#core/identifiers/codes';
import type { Status } from '#schemas/dossier.upsert.v1';
import data from './codes.json' with { type: 'json' };

const TABLES: Readonly<Record<TableName, Readonly<Record<string, { readonly is: Meaning; readonly label: string }>>>> =
  data.tables;
const OTHERWISE: { readonly [S in Status]?: readonly string[] } = data.statusDatesOtherwise;

/** A code table of the national portal, by what it is about. Kept as reviewed data in codes.json. */
export type TableName = keyof typeof data.tables;
export type Meaning = string | boolean;

interface Table {
  readonly meanings: ReadonlyMap<string, Meaning>;
  readonly codes: ReadonlyMap<Meaning, string>;
  readonly labels: ReadonlyMap<string, string>;
}
export type Codes = Readonly<Record<TableName, Table>>;

/** What a party's settings may add to the tables or say otherwise: table → code → meaning. */
export type CodeOverrides = { readonly [T in TableName]?: Readonly<Record<string, Meaning>> };

/** The tables, with a party's own words over them, and over those what operators have entered. */
export function createCodes(overrides: CodeOverrides = {}, entered: CodesOf = NO_CODES): Codes {
  const tables = Object.entries(TABLES).map(([name, entries]) => {
    const labels = new Map(Object.entries(entries).map(([code, entry]) => [code, entry.label]));
    const meanings = new Map<string, Meaning>(Object.entries(entries).map(([code, entry]) => [code, entry.is]));
    for (const [code, meaning] of Object.entries(overrides[name as TableName] ?? {})) meanings.set(code, meaning);
    const known = new Map([...meanings.values()].map((meaning) => [String(meaning), meaning]));
    const codes = new Map<Meaning, string>();
    for (const [code, meaning] of meanings) if (!codes.has(meaning)) codes.set(meaning, code);
    // From one of our words to a code it is for writing; from any other to one of our words it is for reading.
    for (const [from, to] of entered(enteredName(name)))
      if (known.has(from)) codes.set(known.get(from) as Meaning, to);
      else if (known.has(to)) meanings.set(from, known.get(to) as Meaning);
    return [name, { meanings, codes, labels }] as const;
  });
  return Object.fromEntries(tables) as unknown as Codes;
}

export const CODES: Codes = createCodes();

const withEntries = new WeakMap<CodesOf, Codes>();

/** The tables with what operators have entered for a party over them; made once for the same entries. */
export function codesWith(entered: CodesOf): Codes {
  const known = withEntries.get(entered);
  if (known) return known;
  const codes = createCodes({}, entered);
  withEntries.set(entered, codes);
  return codes;
}

/** The name under which a table stands in the causes of what waits, and in the entries of operators. */
export function enteredName(table: string): string {
  return `national-${table}`;
}

/** The tables as operators see them, for whoever speaks this dialect. */
export const NATIONAL_TABLES: readonly CodeTable[] = Object.entries(TABLES).map(([name, entries]) => ({
  name: enteredName(name),
  title: `National portal: ${name}`,
  entries: Object.entries(entries).map(([code, { is, label }]) => ({ code, is: String(is), label })),
  bothWays: true,
}));

/** What a code means; undefined where no table maps it. */
export function meaningOf(codes: Codes, table: TableName, code: string): Meaning | undefined {
  return codes[table].meanings.get(code);
}

/** The code for a meaning; the first one where several have it, undefined where none has. */
export function codeOf(codes: Codes, table: TableName, meaning: Meaning): string | undefined {
  return codes[table].codes.get(meaning);
}

/** The codes of a table as a person reads them: `1 (Mới đăng ký), 2 (Được tiếp nhận)`. */
export function shownCodes(codes: Codes, table: TableName): string {
  const { meanings, labels } = codes[table];
  return [...meanings].map(([code, meaning]) => `${code} (${labels.get(code) ?? meaning})`).join(', ');
}

/** Whether a table says yes or no, so that JSON booleans and "True"/"False" can stand for its codes. */
export function isYesNo(codes: Codes, table: TableName): boolean {
  return [...codes[table].codes.keys()].every((meaning) => typeof meaning === 'boolean');
}

/** The dates of a record that can belong to a status; those of `otherwise` where older systems have none of them. */
export function datesOf(status: Status): { readonly fields: readonly string[]; readonly otherwise: readonly string[] } {
  return { fields: data.statusDates[status], otherwise: OTHERWISE[status] ?? [] };
}

/** How replies are told apart where the portal has no code of its own for it. */
export interface ReplyPattern {
  readonly codes: readonly string[];
  /** One of these stands in the message, whatever its marks and case. */
  readonly texts: readonly string[];
  /** What the message has to be about besides. */
  readonly about?: string;
  /** What it is about instead where one of these stands in it. */
  readonly unless?: readonly string[];
}
export const REPLY_PATTERNS: Readonly<Record<keyof typeof data.replies, ReplyPattern>> = data.replies;
