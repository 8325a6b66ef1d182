import { changeCode, KINDS, type Kind } from '#core/statistics/changes';
import type { Part, Window } from '#core/statistics/parts';
import type { Rule } from '#core/statistics/rules';
import type { Run } from '../database/transaction.ts';
import type { Sums } from './numbers.ts';
import type { StatisticsQuestion } from './question.ts';
import { joinService, keyOf, newValues, passes, type Source, type Values } from './sources.ts';

/** The changes of one line in one part, by channel. */
export interface SumsRow extends Sums {
  readonly part: number;
  readonly key: string | null;
  readonly online: boolean;
}

type Asked = Pick<StatisticsQuestion, 'rule' | 'by' | 'filter'>;

/** The changes in these parts of time, by line and channel: whole days from the totals, and the rest from the dossiers. */
export async function readSums(
  run: Run,
  asked: Asked,
  source: Source,
  parts: readonly Part[],
): Promise<readonly SumsRow[]> {
  const whole = await readTotals(run, asked, source, parts);
  const windows = parts.flatMap(({ windows: given, kinds }, at) =>
    given.map((window) => ({ ...window, kinds, part: at })),
  );
  return windows.length === 0 ? whole : [...whole, ...(await readWindows(run, asked, windows))];
}

function readTotals(run: Run, asked: Asked, source: Source, parts: readonly Part[]): Promise<readonly SumsRow[]> {
  const values = newValues();
  const spans = parts.flatMap((part, at) => part.spans.map((span) => ({ ...span, part: at })));
  const given = `unnest(${[
    values.add(
      spans.map(({ part }) => part),
      'int4[]',
    ),
    values.add(
      spans.map(({ span }) => span),
      'text[]',
    ),
    values.add(
      spans.map(({ first }) => first),
      'date[]',
    ),
    values.add(
      spans.map(({ last }) => last),
      'date[]',
    ),
  ].join(', ')}) AS r(part, span, first, last)`;
  return run<SumsRow>(TEXTS[source](asked, given, values), values.list);
}

/** SQL: the totals of the spans, range by range through the index. OFFSET 0 keeps the planner from reading whole tables. */
function totalsIn(table: string, condition = 'true'): string {
  return `CROSS JOIN LATERAL (
    SELECT * FROM ${table} t WHERE ${condition} AND t.span = r.span AND t.since BETWEEN r.first AND r.last OFFSET 0) t`;
}

function sumsOf(rule: Rule): string {
  return KINDS.map((kind) => `coalesce(sum(t.${kind}_${rule}), 0)::int4 AS ${kind}`).join(', ');
}

/** Adds up the sums of rows with the same line. */
const AGAIN = KINDS.map((kind) => `sum(t.${kind})::int4 AS ${kind}`).join(', ');

const TEXTS: Readonly<Record<Source, (asked: Asked, given: string, values: Values) => string>> = {
  agency: ({ rule, by, filter }, given, values) => `
    SELECT r.part, ${keyOf('t', by)} AS key, t.channel = 'online' AS online, ${sumsOf(rule)}
    FROM ${given} ${totalsIn('agency_totals')} WHERE ${passes('t', filter, values)} GROUP BY 1, 2, 3`,

  // First by service, so that the catalogue is joined to few rows.
  service: ({ rule, by, filter }, given, values) => `
    WITH t AS (
      SELECT r.part, t.service_key, t.field_code, t.online, ${sumsOf(rule)}
      FROM ${given} ${totalsIn('service_totals')} GROUP BY 1, 2, 3, 4)
    SELECT t.part, ${keyOf('t', by)} AS key, t.online, ${AGAIN}
    FROM t ${joinService('t')} WHERE ${passes('t', filter, values)} GROUP BY 1, 2, 3`,

  cell: ({ rule, by, filter }, given, values) => {
    // The totals are read by what the filter names, which has fewer values than there are cells.
    const driver = filter.agency === undefined ? 'service_key' : 'agency_code';
    return `
      WITH k AS MATERIALIZED (
        SELECT k.id, k.${driver}, ${keyOf('k', by)} AS key, k.channel = 'online' AS online
        FROM total_cells k ${joinService('k')} WHERE ${passes('k', filter, values)}),
      t AS MATERIALIZED (
        SELECT r.part, t.cell, ${sumsOf(rule)}
        FROM (SELECT DISTINCT ${driver} FROM k) d CROSS JOIN ${given}
        ${totalsIn('cell_totals', `t.${driver} = d.${driver}`)} GROUP BY 1, 2)
      SELECT t.part, k.key, k.online, ${AGAIN} FROM t JOIN k ON k.id = t.cell GROUP BY 1, 2, 3`;
  },
};

interface PartWindow extends Window, Pick<Part, 'kinds'> {
  readonly part: number;
}

/** The changes within days that count in part: the dossiers with a change on such a day are read. */
function readWindows(
  run: Run,
  { rule, by, filter }: Asked,
  windows: readonly PartWindow[],
): Promise<readonly SumsRow[]> {
  const values = newValues();
  const codes = values.add(
    windows.flatMap(({ since, kinds }) => kinds.map((kind) => changeCode(rule, kind, since.slice(0, 10)))),
    'int4[]',
  );
  const given = `unnest(${[
    values.add(
      windows.map(({ part }) => part),
      'int4[]',
    ),
    values.add(
      windows.map(({ since }) => since),
      'timestamptz[]',
    ),
    values.add(
      windows.map(({ until }) => until),
      'timestamptz[]',
    ),
  ].join(', ')}) AS w(part, since, until)`;
  return run<SumsRow>(
    `SELECT w.part, ${keyOf('k', by)} AS key, k.channel = 'online' AS online,
       ${KINDS.map((kind) => `count(*) FILTER (WHERE ${momentOf(kind, rule)} BETWEEN w.since AND w.until)::int4 AS ${kind}`).join(', ')}
     FROM counted c JOIN total_cells k ON k.id = c.cell ${joinService('k')} CROSS JOIN ${given}
     WHERE c.changes && ${codes} AND ${passes('k', filter, values)} GROUP BY 1, 2, 3`,
    values.list,
  );
}

/** SQL: when a dossier has its change of this kind. NULL if it has none. */
export function momentOf(kind: Kind, rule: Rule): string {
  const grade = { early: 'early', on_time: 'on-time', late: 'late' }[kind as string];
  if (kind === 'received') return `c.began_${rule}`;
  if (kind === 'overdue') return `c.late_${rule}`;
  if (kind === 'settled') return `CASE WHEN c.late_${rule} IS NOT NULL THEN c.ended_${rule} END`;
  return `CASE WHEN c.grade_${rule} = '${grade}' THEN c.ended_${rule} END`;
}
