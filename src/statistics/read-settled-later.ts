import { changeCode, KINDS_A_DAY } from '#core/statistics/changes';
import type { Run } from '../database/transaction.ts';
import type { StatisticsQuestion } from './question.ts';
import { ALL_AGENCIES, joinService, keyOf, newValues, passes } from './sources.ts';

interface Row {
  readonly key: string | null;
  readonly n: number;
}

/**
 * By line, the dossiers that become late after now and end after that, but not after `to`. Only sources that report ends
 * in the future have such dossiers.
 */
export async function readSettledLater(
  run: Run,
  { rule, by, filter, now }: Pick<StatisticsQuestion, 'rule' | 'by' | 'filter' | 'now'>,
  to: string,
): Promise<ReadonlyMap<string | null, number>> {
  const values = newValues();
  const [after, until] = [values.add(now, 'timestamptz'), values.add(to, 'timestamptz')];
  const first = values.add(changeCode(rule, 'settled', EPOCH), 'int4');
  const rows = await run<Row>(
    `WITH days AS (
       SELECT array_agg(DISTINCT (since - date '${EPOCH}') * ${KINDS_A_DAY} + ${first}) AS codes FROM agency_totals
       WHERE agency_code = '${ALL_AGENCIES}' AND span = 'day' AND since BETWEEN (${after})::date AND (${until})::date AND settled_${rule} IS NOT NULL)
     SELECT ${keyOf('k', by)} AS key, count(*)::int4 AS n
     FROM days JOIN counted c ON c.changes && days.codes JOIN total_cells k ON k.id = c.cell ${joinService('k')}
     WHERE c.late_${rule} > ${after} AND c.ended_${rule} <= ${until} AND ${passes('k', filter, values)} GROUP BY 1`,
    values.list,
  );
  return new Map(rows.map(({ key, n }) => [key, n]));
}

const EPOCH = '1970-01-01';
