import { type SpanRange, spansBetween } from '#core/statistics/spans';
import type { Run } from '../database/transaction.ts';
import { totalsIn } from './read-sums.ts';
import type { ReportPeriod } from './report-records.ts';
import { ALL_AGENCIES, newValues, type Values } from './sources.ts';

/** SQL: what a row `t` of the totals of agencies adds to each number of the report on online services. */
const ONLINE = {
  received: 't.received_766',
  online: `CASE WHEN t.channel = 'online' THEN t.received_766 END`,
  payable: 't.payable_766',
  paidOnline: 't.paid_online_766',
  done: 't.done_766',
  digitised: 't.digitised_766',
  reused: 't.reused_766',
  paper: 't.paper_766',
  digitalResult: 't.digital_result_766',
} as const;
export type OnlineNumber = keyof typeof ONLINE;
export const ONLINE_NUMBERS = Object.keys(ONLINE) as readonly OnlineNumber[];

/** SQL: the same of dossiers that began or ended, and lack a field. A dossier that did both counts twice. */
const LACKING = { began: 't.began_lacking_766', ended: 't.ended_lacking_766' } as const;

const ENDED = 'coalesce(t.early_766, 0) + coalesce(t.on_time_766, 0) + coalesce(t.late_766, 0)';

/** A line of the report on online services, without its name. */
export interface OnlineSums extends Readonly<Record<OnlineNumber, number>> {
  readonly key: string;
}

/** The numbers of each agency that had a dossier begin or end in the period. */
export function onlineSums(run: Run, period: ReportPeriod): Promise<readonly OnlineSums[]> {
  const values = newValues();
  const columns = Object.entries(ONLINE).map(([name, total]) => `${sumOf(total)} AS "${name}"`);
  return run<OnlineSums>(
    `SELECT t.agency_code AS key, ${columns.join(', ')} FROM ${totalsOf(period, values)}
     GROUP BY 1 HAVING ${sumOf('t.received_766')} > 0 OR ${sumOf(`(${ENDED})`)} > 0 ORDER BY 1`,
    values.list,
  );
}

/** Dossiers behind a number of the report on online services, or those that lack a field. */
export type Facts = OnlineNumber | 'lacking';

/** The agencies with such dossiers in the period, in order, from one on. */
export async function agenciesWith(
  run: Run,
  period: ReportPeriod,
  facts: Facts,
  { only, from = '' }: { readonly only: string | undefined; readonly from?: string | undefined },
): Promise<readonly string[]> {
  const values = newValues();
  const sum = facts === 'lacking' ? `${sumOf(LACKING.began)} + ${sumOf(LACKING.ended)}` : sumOf(ONLINE[facts]);
  const isWanted = only === undefined ? 'true' : `t.agency_code = ${values.add(only, 'text')}`;
  const rows = await run<{ key: string }>(
    `SELECT t.agency_code AS key FROM ${totalsOf(period, values, isWanted)}
     WHERE t.agency_code >= ${values.add(from, 'text')} GROUP BY 1 HAVING ${sum} > 0 ORDER BY 1`,
    values.list,
  );
  return rows.map(({ key }) => key);
}

/** How many dossiers lack a field, of those that began and of those that ended in the period. */
export async function countLacking(
  run: Run,
  period: ReportPeriod,
  agency: string | undefined,
): Promise<{ readonly began: number; readonly ended: number }> {
  const values = newValues();
  const isWanted = `t.agency_code = ${values.add(agency ?? ALL_AGENCIES, 'text')}`;
  const [found] = await run<{ began: number; ended: number }>(
    `SELECT ${sumOf(LACKING.began)} AS began, ${sumOf(LACKING.ended)} AS ended
     FROM ${totalsOf(period, values, isWanted)}`,
    values.list,
  );
  return found ?? { began: 0, ended: 0 };
}

/** How many dossiers are behind a number. @param agency undefined for all */
export async function countOnline(
  run: Run,
  period: ReportPeriod,
  number: OnlineNumber,
  agency: string | undefined,
): Promise<number> {
  const values = newValues();
  const isWanted = `t.agency_code = ${values.add(agency ?? ALL_AGENCIES, 'text')}`;
  const [found] = await run<{ n: number }>(
    `SELECT ${sumOf(ONLINE[number])} AS n FROM ${totalsOf(period, values, isWanted)}`,
    values.list,
  );
  return found?.n ?? 0;
}

function sumOf(total: string): string {
  return `coalesce(sum(${total} * r.sign), 0)::int8`;
}

/** SQL: the totals of the days of the period. */
function totalsOf({ from, to }: ReportPeriod, values: Values, isWanted = `t.agency_code <> '${ALL_AGENCIES}'`): string {
  const spans = spansBetween(from.slice(0, 10), to.slice(0, 10));
  const column = (member: keyof SpanRange, type: string) =>
    values.add(
      spans.map((span) => span[member]),
      `${type}[]`,
    );
  return `unnest(${column('span', 'text')}, ${column('first', 'date')}, ${column('last', 'date')}, ${column('sign', 'int4')})
    AS r(span, first, last, sign) ${totalsIn('agency_totals', isWanted)}`;
}
