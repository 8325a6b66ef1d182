import { CsvError, type Info, parse } from 'csv-parse';
import { splitValues, unmarkFormula } from '#core/csv-cells';
import type { SchemaNode } from '#core/explain';
import type { Operation } from '#schemas/operations';
import { OPERATIONS } from '#schemas/operations';
import { UsageError } from '../run-command.ts';
import { brokenItem, type FileItem, MAX_ITEM_BYTES } from './file-item.ts';

/** A column of a CSV file: the path of a field, and the reader of its cells. */
interface Column {
  readonly path: readonly string[];
  readonly read: (cell: string) => unknown;
}

/**
 * Streams the rows of a CSV file as items. Its first row names the fields: `code`, `applicant.name`, `fees.0.amountVnd`.
 * Empty cells and empty rows (spreadsheets write them at the end) are skipped. Cells are values and never formulas; the `'`
 * that `export` and others put before a formula-like text is removed.
 * @throws UsageError naming all columns that are no field of the record
 */
export async function* csvRows(
  chunks: NodeJS.ReadableStream,
  operation: Operation,
  firstLine: string,
): AsyncGenerator<FileItem> {
  const rows = chunks.pipe(
    parse({
      bom: true,
      delimiter: delimiterOf(firstLine),
      info: true,
      max_record_size: MAX_ITEM_BYTES,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    }),
  );
  chunks.on('error', (error) => rows.destroy(error));
  let columns: readonly Column[] | undefined;
  let end = 0;
  try {
    for await (const { record, info } of rows as AsyncIterable<{ record: string[]; info: Info }>) {
      const lines = record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
      end = info.lines;
      if (!columns) columns = columnsOf(record, operation);
      else yield itemOf(columns, record, end - lines, end);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield brokenItem(end + 1, whyNot(error));
  }
}

/** The library's message may quote the row, so it is not shown. Skipping such a row would silently lose others. */
function whyNot({ lines }: CsvError): string {
  return `near line ${lines} a row is larger than 1 MiB or its quotes are not valid CSV: the file is not read from here on`;
}

function itemOf(columns: readonly Column[], cells: readonly string[], line: number, end: number): FileItem {
  if (cells.length !== columns.length) {
    const where = end > line ? `the row, up to line ${end},` : 'the row';
    return brokenItem(line, `${where} has ${cells.length} cells, expected ${columns.length} as in the first row`);
  }
  const record = {};
  for (const [at, { path, read }] of columns.entries()) {
    const cell = unmarkFormula((cells[at] as string).trim());
    if (cell !== '') put(record, path, read(cell));
  }
  return { line, json: Buffer.from(JSON.stringify(record, withoutHoles)) };
}

/** Lists are filled in the order of their numbers. */
function put(record: object, path: readonly string[], value: unknown): void {
  let at = record as Record<string, unknown>;
  for (const [depth, name] of path.slice(0, -1).entries()) {
    at[name] ??= /^\d+$/.test(path[depth + 1] as string) ? [] : {};
    at = at[name] as Record<string, unknown>;
  }
  at[path.at(-1) as string] = value;
}

/** Removes list entries whose cells are all empty. */
function withoutHoles(_name: string, value: unknown): unknown {
  return Array.isArray(value) ? Object.values(value) : value;
}

/** Spreadsheets with a Vietnamese locale write semicolons. */
function delimiterOf(firstLine: string): string {
  const count = (mark: string): number => firstLine.split(mark).length;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

function columnsOf(names: readonly string[], operation: Operation): readonly Column[] {
  const schema = OPERATIONS[operation] as unknown as SchemaNode;
  const columns = names.map((name) => columnOf(schema, name.trim()));
  const unknown = names.filter((_, at) => !columns[at]);
  if (unknown.length > 0)
    throw new UsageError(
      `the first row names columns that are no field of ${operation}: ${unknown.map((name) => JSON.stringify(name)).join(', ')}; expected names such as ${examples(schema)}`,
    );
  const twice = names.find((name, at) => names.findIndex((other) => other.trim() === name.trim()) < at);
  if (twice !== undefined) throw new UsageError(`the first row names ${JSON.stringify(twice)} twice`);
  return columns as readonly Column[];
}

function examples(schema: SchemaNode): string {
  return Object.entries(schema.properties ?? {})
    .flatMap(([name, { properties }]) =>
      properties ? Object.keys(properties).map((inner) => `${name}.${inner}`) : [name],
    )
    .slice(0, 20)
    .join(', ');
}

function columnOf(schema: SchemaNode, name: string): Column | undefined {
  const path = name.split('.');
  let node: SchemaNode | undefined = schema;
  for (const part of path) {
    if (node?.items) node = /^\d{1,3}$/.test(part) ? node.items : undefined;
    else node = node?.properties && Object.hasOwn(node.properties, part) ? node.properties[part] : undefined;
  }
  if (!node || node.properties || node.items?.properties) return undefined;
  return { path, read: readerOf(node) };
}

/** An unreadable cell stays a text: the record's own check says what was expected. */
function readerOf({ type, items, anyOf }: SchemaNode): (cell: string) => unknown {
  if (anyOf) return readerOf(anyOf[0] as SchemaNode);
  if (items) return (cell) => splitValues(cell).map((value) => value.trim());
  if (type === 'boolean') return (cell) => ({ true: true, false: false })[cell.toLowerCase()] ?? cell;
  if (type === 'integer' || type === 'number') return (cell) => (/^-?\d{1,15}$/.test(cell) ? Number(cell) : cell);
  return (cell) => cell;
}
