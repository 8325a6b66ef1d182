import { changeCode, KINDS, type Kind } from '#core/statistics/changes';
import type { Part, Window } from '#core/statistics/parts';
import type { Rule } from '#core/statistics/rules';
import { dayBefore, nextStart, type SpanRange } from '#core/statistics/spans';
import type { Run } from '../database/transaction.ts';
import type { Sums } from './numbers.ts';
import type { StatisticsQuestion } from './question.ts';
import { inIndex, joinService, keyOf, newValues, passes, type Source, type Values } from './sources.ts';

/** The changes of one line in one part. Perhaps one of several rows. */
export interface SumsRow extends Sums {
  readonly part: number;
  readonly key: string | null;
}

type Asked = Pick<StatisticsQuestion, 'rule' | 'by' | 'filter'>;

/** The changes in these parts of time, by line: whole days from the totals, and the rest from the dossiers. */
export async function readSums(
  run: Run,
  asked: Asked,
  source: Source,
  parts: readonly Part[],
): Promise<readonly SumsRow[]> {
  const values = newValues();
  const windows = parts.flatMap(({ windows: given, kinds }, at) =>
    given.map((window) => ({ ...window, kinds, part: at })),
  );
  const texts = [totalsText(asked, source, parts, values)];
  if (windows.length > 0) texts.push(windowsText(asked, windows, values));
  // One round trip instead of two.
  return run<SumsRow>(texts.map((text) => `(${text})`).join(' UNION ALL '), values.list);
}

function totalsText(asked: Asked, source: Source, parts: readonly Part[], values: Values): string {
  const spans = parts.flatMap((part, at) =>
    part.spans.map((span) => ({ ...(HAS_THIRDS[source] ? span : withoutThirds(span)), part: at })),
  );
  const column = (member: 'part' | 'span' | 'first' | 'last' | 'sign', type: string) =>
    values.add(
      spans.map((span) => span[member]),
      `${type}[]`,
    );
  const given = `unnest(${column('part', 'int4')}, ${column('span', 'text')}, ${column('first', 'date')},
    ${column('last', 'date')}, ${column('sign', 'int4')}) AS r(part, span, first, last, sign)`;
  return TEXTS[source](asked, given, values);
}

/** Where few dossiers a day have a total, a sum of thirds would read as many totals as one of days. */
const HAS_THIRDS: Readonly<Record<Source, boolean>> = { agency: true, service: true, field: false, cell: false };

/** Days in the place of thirds. */
function withoutThirds(range: SpanRange): SpanRange {
  if (range.span !== 'third') return range;
  return { ...range, span: 'day', last: dayBefore(nextStart('third', range.last)) };
}

/** SQL: the totals of the spans, range by range through the index. OFFSET 0 keeps the planner from reading whole tables. */
export function totalsIn(table: string, condition: string): string {
  return `CROSS JOIN LATERAL (
    SELECT * FROM ${table} t WHERE ${condition} AND t.span = r.span AND t.since BETWEEN r.first AND r.last OFFSET 0) t`;
}

/** SQL: the sums of all kinds. @param online the total of those that came online */
function sumsOf(rule: Rule, online?: string): string {
  const sum = (total: string, as: string) => `coalesce(sum(${total} * r.sign), 0)::int4 AS ${as}`;
  const kinds = KINDS.map((kind) => sum(`t.${kind}_${rule}`, kind));
  return [...kinds, ...(online === undefined ? [] : [sum(online, 'online')])].join(', ');
}

function onlineOf(row: string, received: string): string {
  return `CASE WHEN ${row}.channel = 'online' THEN ${received} END`;
}

/** Adds up the sums of rows with the same line. @param online the number of those that came online */
function again(online: string): string {
  return [
    ...KINDS.map((kind) => `sum(t.${kind})::int4 AS ${kind}`),
    `coalesce(sum(${online}), 0)::int4 AS online`,
  ].join(', ');
}

const TEXTS: Readonly<Record<Source, (asked: Asked, given: string, values: Values) => string>> = {
  agency: ({ rule, by, filter }, given, values) => `
    SELECT r.part, ${keyOf('t', by)} AS key, ${sumsOf(rule, onlineOf('t', `t.received_${rule}`))}
    FROM ${given} ${totalsIn('agency_totals', inIndex('agency', by, filter, values))} GROUP BY 1, 2`,

  // First by service, so that the catalogue is joined to few rows.
  service: ({ rule, by, filter }, given, values) => `
    WITH t AS (
      SELECT r.part, t.service_key, t.field_code, ${sumsOf(rule, `t.online_${rule}`)}
      FROM ${given} ${totalsIn('service_totals', inIndex('service', by, filter, values))} GROUP BY 1, 2, 3)
    SELECT t.part, ${keyOf('t', by)} AS key, ${again('t.online')}
    FROM t ${joinService('t')} WHERE ${passes('t', filter, values)} GROUP BY 1, 2`,

  field: ({ rule, by, filter }, given, values) => `
    SELECT r.part, ${keyOf('t', by)} AS key, ${sumsOf(rule, onlineOf('t', `t.received_${rule}`))}
    FROM ${given} ${totalsIn('field_totals', inIndex('field', by, filter, values))} ${joinService('t')}
    WHERE ${passes('t', filter, values)} GROUP BY 1, 2`,

  cell: ({ rule, by, filter }, given, values) => {
    // The totals are read by what the filter names, which has fewer values than there are cells.
    const driver = filter.agency === undefined ? 'service_key' : 'agency_code';
    return `
      WITH k AS MATERIALIZED (
        SELECT k.id, k.${driver}, ${keyOf('k', by)} AS key, k.channel FROM total_cells k ${joinService('k')}
        WHERE ${passes('k', filter, values)}),
      t AS MATERIALIZED (
        SELECT r.part, t.cell, ${sumsOf(rule)}
        FROM (SELECT DISTINCT ${driver} FROM k) d CROSS JOIN ${given}
        ${totalsIn('cell_totals', `t.${driver} = d.${driver}`)} GROUP BY 1, 2)
      SELECT t.part, k.key, ${again(onlineOf('k', 't.received'))} FROM t JOIN k ON k.id = t.cell GROUP BY 1, 2`;
  },
};

interface PartWindow extends Window, Pick<Part, 'kinds'> {
  readonly part: number;
}

/** The changes within days that count in part: the dossiers with a change on such a day are read. */
function windowsText({ rule, by, filter }: Asked, windows: readonly PartWindow[], values: Values): string {
  const codes = values.add(
    windows.flatMap(({ since, kinds }) => kinds.map((kind) => changeCode(rule, kind, since.slice(0, 10)))),
    'int4[]',
  );
  const column = (member: 'part' | 'since' | 'until', type: string) =>
    values.add(
      windows.map((window) => window[member]),
      `${type}[]`,
    );
  const given = `unnest(${column('part', 'int4')}, ${column('since', 'timestamptz')}, ${column('until', 'timestamptz')})
    AS w(part, since, until)`;
  const count = (kind: Kind, condition: string, as: string) =>
    `count(*) FILTER (WHERE ${momentOf(kind, rule)} BETWEEN w.since AND w.until${condition})::int4 AS ${as}`;
  // The days have fewer dossiers than the cells of a field. OFFSET 0 keeps the planner from reading all cells.
  return `WITH c AS MATERIALIZED (SELECT * FROM counted c WHERE c.changes && ${codes})
     SELECT w.part, ${keyOf('k', by)} AS key, ${KINDS.map((kind) => count(kind, '', kind)).join(', ')},
       ${count('received', ` AND k.channel = 'online'`, 'online')}
     FROM c CROSS JOIN LATERAL (SELECT * FROM total_cells k WHERE k.id = c.cell OFFSET 0) k ${joinService('k')}
       CROSS JOIN ${given}
     WHERE ${passes('k', filter, values)} GROUP BY 1, 2`;
}

/** SQL: when a dossier has its change of this kind. NULL if it has none. */
function momentOf(kind: Kind, rule: Rule): string {
  const grade = { early: 'early', on_time: 'on-time', late: 'late' }[kind as string];
  if (kind === 'received') return `c.began_${rule}`;
  if (kind === 'overdue') return `c.late_${rule}`;
  if (kind === 'settled') return `CASE WHEN c.late_${rule} IS NOT NULL THEN c.ended_${rule} END`;
  return `CASE WHEN c.grade_${rule} = '${grade}' THEN c.ended_${rule} END`;
}
