import { DAY_MS, instantToMs, msToInstant } from '#core/dates/dates';
import { type FlowCount, type FlowSpan, keyOf } from '#core/flow/flow';
import type { Database } from '../database/pool.ts';

/** How long the counts of a span are stored. */
const STORED_MS: Readonly<Record<FlowSpan, number>> = { minute: 2 * 3_600_000, hour: 35 * DAY_MS };

/** Adds counts to the stored ones. */
export async function addFlow({ pool }: Database, counts: readonly FlowCount[]): Promise<void> {
  // In one order, so that two processes do not wait for one another.
  const rows = [...counts].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  await pool.query({
    name: 'add flow',
    text: `INSERT INTO flow_totals (span, party, since, direction, result, within_ms, many)
           SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::int4[], $7::int8[])
           ON CONFLICT (span, party, since, direction, result, within_ms)
           DO UPDATE SET many = flow_totals.many + excluded.many`,
    values: [
      rows.map(({ span }) => span),
      rows.map(({ party }) => party),
      rows.map(({ sinceMs }) => msToInstant(sinceMs)),
      rows.map(({ direction }) => direction),
      rows.map(({ result }) => result),
      rows.map(({ withinMs }) => withinMs),
      rows.map(({ many }) => many),
    ],
  });
}

export async function forgetOldFlow({ pool }: Database, nowMs: number): Promise<void> {
  for (const [span, storedMs] of Object.entries(STORED_MS))
    await pool.query({
      name: 'forget old flow',
      text: 'DELETE FROM flow_totals WHERE span = $1 AND since < $2::timestamptz',
      values: [span, msToInstant(nowMs - storedMs)],
    });
}

interface Row extends Omit<FlowCount, 'sinceMs'> {
  readonly since: string;
}

/** The counts since a moment, of one party or of all. */
export async function loadFlow(
  { pool }: Database,
  span: FlowSpan,
  sinceMs: number,
  party: string | undefined,
): Promise<readonly FlowCount[]> {
  const { rows } = await pool.query<Row>({
    name: 'load flow',
    text: `SELECT span, party, since, direction, result, within_ms AS "withinMs", many FROM flow_totals
           WHERE span = $1 AND since >= $2::timestamptz AND ($3::text IS NULL OR party = $3) ORDER BY since`,
    values: [span, msToInstant(sinceMs), party],
  });
  return rows.map(({ since, ...row }) => ({ ...row, sinceMs: instantToMs(since) }));
}
