import { subordinateSuffix } from '#core/identifiers/identifiers';
import type { Group } from '#core/statistics/columns';
import type { Run } from '../database/transaction.ts';
import type { CountedFilter, DossiersQuestion, StatisticsQuestion } from './question.ts';

/** The smallest table of totals that can answer a question. */
export type Source = 'agency' | 'service' | 'field' | 'cell';

/** Collects the values of a statement. */
export interface Values {
  readonly list: unknown[];
  /** The placeholder of a further value. */
  add(value: unknown, type: string): string;
}

export function newValues(): Values {
  const list: unknown[] = [];
  return { list, add: (value, type) => `$${list.push(value)}::${type}` };
}

/** The table to read, and the filter without an agency that all agencies are below. */
export async function sourceOf(
  run: Run,
  { by, filter }: Pick<StatisticsQuestion, 'by' | 'filter'>,
): Promise<{ readonly source: Source; readonly filter: CountedFilter }> {
  const isWhole = filter.agency === undefined || (await coversAll(run, filter.agency));
  const rest = isWhole ? { ...filter, agency: undefined } : filter;
  const needsService = by === 'field' || by === 'service' || filter.field !== undefined || filter.service !== undefined;
  if (!needsService) return { source: 'agency', filter: rest };
  // The totals of services do not know the agency, and of the channel only whether it was online.
  const isByService = isWhole && by !== 'agency' && by !== 'channel';
  if (isByService) return { source: 'service', filter: rest };
  return { source: isWhole && filter.service === undefined ? 'field' : 'cell', filter: rest };
}

/** The agency of the totals over all agencies. */
export const ALL_AGENCIES = '';

async function coversAll(run: Run, agency: string): Promise<boolean> {
  const values = newValues();
  const [other] = await run<{ one: number }>(
    `SELECT 1 AS one FROM agency_totals t WHERE t.span = 'year' AND t.agency_code <> '${ALL_AGENCIES}'
       AND NOT ${isAtOrBelow('t', agency, values)} LIMIT 1`,
    values.list,
  );
  return other === undefined;
}

/** SQL: the part of the filter that the index of the totals `t` knows. */
export function inIndex(source: Exclude<Source, 'cell'>, by: Group, filter: CountedFilter, values: Values): string {
  if (source === 'agency') {
    const isAll = by !== 'agency' && filter.agency === undefined;
    return isAll
      ? `t.agency_code = '${ALL_AGENCIES}'`
      : `t.agency_code <> '${ALL_AGENCIES}' AND ${passes('t', filter, values)}`;
  }
  const { field, service } = filter;
  return [
    'true',
    ...(service === undefined ? [] : [`t.service_key = ${values.add(service, 'text')}`]),
    ...(field === undefined ? [] : [`t.field_code IN (${values.add(field, 'text')}, '')`]),
  ].join(' AND ');
}

/** SQL: whether the agency of a row is this one or one below it. See isAtOrBelow of core/identifiers. */
export function isAtOrBelow(row: string, agency: string, values: Values): string {
  const code = values.add(agency, 'text');
  const tail = subordinateSuffix(agency);
  const isBelow =
    tail === undefined
      ? `(${row}.agency_code > ${code} AND ${row}.agency_code < ${code} || '/' AND starts_with(${row}.agency_code, ${code} || '.'))`
      : `(right(${row}.agency_code, ${tail.length}) = ${values.add(tail, 'text')} AND ${row}.agency_code < 'A')`;
  return `(${row}.agency_code = ${code} OR ${isBelow})`;
}

/** SQL: whether a row passes the filter. A row without a field has the field of its service, `s`. */
export function passes(row: string, { agency, field, service }: CountedFilter, values: Values): string {
  return [
    'true',
    ...(agency === undefined ? [] : [isAtOrBelow(row, agency, values)]),
    ...(field === undefined ? [] : [`${fieldOf(row)} = ${values.add(field, 'text')}`]),
    ...(service === undefined ? [] : [`${row}.service_key = ${values.add(service, 'text')}`]),
  ].join(' AND ');
}

/** SQL: the key of a row's line. All rows of one month have the same one. */
export function keyOf(row: string, by: Group): string {
  if (by === 'month') return 'NULL::text';
  if (by === 'field') return fieldOf(row);
  return { agency: `${row}.agency_code`, service: `${row}.service_key`, channel: `${row}.channel` }[by];
}

function fieldOf(row: string): string {
  return `coalesce(nullif(${row}.field_code, ''), s.field_code)`;
}

/** SQL: joins the service of a row, for its field. */
export function joinService(row: string): string {
  return `LEFT JOIN catalogue s ON s.kind = 'service' AND s.key = ${row}.service_key`;
}

/** SQL: whether a cell is in the line of a question and passes its filter. */
export function isOfLine(row: string, { by, key, filter }: DossiersQuestion, values: Values): string {
  const passed = passes(row, filter, values);
  if (key === undefined || by === 'month') return passed;
  return `${keyOf(row, by)} ${key === null ? 'IS NULL' : `= ${values.add(key, 'text')}`} AND ${passed}`;
}

/** Whether an agency has one cell of the line for each channel, and perhaps field. */
export function isServiceLine({ by, key, filter }: DossiersQuestion): boolean {
  return filter.service !== undefined || (by === 'service' && typeof key === 'string');
}

/** SQL: the same of a dossier, `c`. */
export function isInLine(asked: DossiersQuestion, values: Values): string {
  const { by, key, filter } = asked;
  const isAll = (key === undefined || by === 'month') && Object.values(filter).every((one) => one === undefined);
  if (isAll) return 'true';
  return `EXISTS (SELECT 1 FROM total_cells k ${joinService('k')}
    WHERE k.id = c.cell AND ${isOfLine('k', asked, values)})`;
}
