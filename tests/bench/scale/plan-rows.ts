import pg from 'pg';

/** What the statements of a reply read, by their plans. */
export interface PlanRows {
  readonly rows: number;
  /** Of 8 KB, of tables and indexes, from memory or the disk. */
  readonly pages: number;
  /** The statement that read most of the rows. */
  readonly worst: string;
}

interface Sent {
  readonly client: pg.Client;
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Repeats the reading statements of some work under EXPLAIN ANALYZE, in the sessions that ran them, so that the planner
 * has the same settings. Counts all rows that scans looked at, also those that a filter removed.
 *
 * @param isMeant which statements are repeated. What they write is rolled back.
 */
export async function planRowsOf(work: () => Promise<unknown>, isMeant = isRead): Promise<PlanRows> {
  const sent = await recorded(work);
  let [rows, pages] = [0, 0];
  let worst = { rows: -1, text: '' };
  for (const { client, text, values } of sent.filter(({ text: one }) => isMeant(one))) {
    const explain = `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`;
    await client.query('BEGIN');
    const { rows: answer } = await client.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(explain, [...values]);
    await client.query('ROLLBACK');
    const plan = answer[0]?.['QUERY PLAN'][0]?.Plan as Plan;
    const read = scannedRows(plan);
    rows += read;
    pages += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
    if (read > worst.rows) worst = { rows: read, text };
  }
  return { rows, pages, worst: worst.text.replaceAll(/\s+/g, ' ') };
}

function isRead(text: string): boolean {
  return /^[\s(]*(?:SELECT|WITH)\b/i.test(text) && !/\b(?:INSERT INTO|UPDATE|DELETE FROM|FOR UPDATE)\b/.test(text);
}

/** The statements that the work sends by pg, whatever sends them. */
async function recorded(work: () => Promise<unknown>): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...given: readonly unknown[]): unknown {
    const [first, second] = given as [string | { text?: string; values?: readonly unknown[] } | undefined, unknown];
    const text = typeof first === 'string' ? first : first?.text;
    const values = (typeof first === 'object' && first.values) || (Array.isArray(second) ? second : []);
    if (text !== undefined) sent.push({ client: this, text, values });
    return Reflect.apply(query, this, given);
  } as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return sent;
}

interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Plan[];
}

function scannedRows(plan: Plan): number {
  const { 'Actual Rows': kept, 'Actual Loops': loops, Plans: below = [] } = plan;
  const removed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  const own = plan['Relation Name'] === undefined ? 0 : (kept + removed) * loops;
  return below.reduce((sum, one) => sum + scannedRows(one), own);
}
