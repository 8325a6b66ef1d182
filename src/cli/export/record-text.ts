import { stringify } from 'csv-stringify/sync';
import { joinValues, markFormula } from '#core/csv-cells';
import type { SchemaNode } from '#core/explain';
import type { Operation } from '#schemas/operations';
import { OPERATIONS } from '#schemas/operations';
import type { Format } from '../import/examine-file.ts';

type Members = Readonly<Record<string, unknown>>;

/** A text format for a file of records. */
export interface RecordText {
  /** The text before the first record. */
  readonly begin: string;
  readonly next: (records: readonly Members[]) => string;
  readonly end: string;
  /** How many written records had values in a list that the format cannot hold. */
  readonly leftOut: () => Readonly<Record<string, number>>;
}

export function recordText(format: Format, operation: Operation): RecordText {
  if (format === 'csv') return csvText(operation);
  return format === 'ndjson' ? jsonText('', '', '\n', '') : jsonText('[\n', ',\n', '', '\n]\n');
}

function jsonText(begin: string, between: string, after: string, end: string): RecordText {
  let before = '';
  const textOf = (record: Members): string => {
    const text = `${before}${JSON.stringify(record)}${after}`;
    before = between;
    return text;
  };
  return { begin, next: (records) => records.map(textOf).join(''), end, leftOut: () => ({}) };
}

const BYTE_ORDER_MARK = '\ufeff';

/**
 * The columns that `import` reads, without lists of records, which have no place in a row. The byte order mark tells
 * spreadsheets the encoding. A text must not become a formula, so it gets a `'`, which `import` removes. The library's own
 * option would not mark a text that already looks marked.
 */
function csvText(operation: Operation): RecordText {
  const { columns, lists } = membersOf(OPERATIONS[operation] as unknown as SchemaNode);
  const left: Record<string, number> = {};
  const write = (rows: readonly (readonly string[])[]): string => stringify([...rows]);
  return {
    begin: BYTE_ORDER_MARK + write([columns]),
    next(records) {
      for (const record of records)
        for (const name of lists)
          if ((record[name] as unknown[] | undefined)?.length) left[name] = (left[name] ?? 0) + 1;
      return write(records.map((record) => columns.map((column) => cellOf(record, column))));
    },
    end: '',
    leftOut: () => left,
  };
}

function membersOf({ properties = {} }: SchemaNode): { columns: readonly string[]; lists: readonly string[] } {
  const columns: string[] = [];
  const lists: string[] = [];
  for (const [name, node] of Object.entries(properties)) {
    if (node.properties) columns.push(...Object.keys(node.properties).map((inner) => `${name}.${inner}`));
    else if (node.items?.properties) lists.push(name);
    else columns.push(name);
  }
  return { columns, lists };
}

function cellOf(record: Members, column: string): string {
  const value = column.split('.').reduce<unknown>((at, name) => (at as Members | undefined)?.[name], record);
  if (value === undefined || value === null) return '';
  return markFormula(Array.isArray(value) ? joinValues(value) : String(value));
}
