import { afterParts, definePart, type Part } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';

/** One change of what readers see of a record. */
export interface RecordChangeRow {
  readonly kind: string;
  readonly code: string;
  readonly state: string;
  readonly stateAt: string;
  readonly changedAt: string;
}

/**
 * The parts that number the changes of a batch, for each kind apart; see changeParts. A counter stays locked to the commit, so
 * cursors follow the order of the commits, without gaps.
 */
export function recordChangeParts(rows: readonly RecordChangeRow[]): readonly [Part, Part] {
  const counts = new Map<string, number>();
  const numbered = rows.map((row) => {
    const position = (counts.get(row.kind) ?? 0) + 1;
    counts.set(row.kind, position);
    return { position, ...row };
  });
  // Sorted, so that two batches with the same kinds wait for one another instead of deadlocking.
  const sorted = [...counts].map(([kind, n]) => ({ kind, n })).sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const numbers = numbered.map((row) => ({ back: (counts.get(row.kind) ?? 0) - row.position, ...row }));
  return [counterPart(sorted), changePart(numbers)];
}

const counterPart = definePart<{ readonly kind: string; readonly n: number }>(
  'record_counter',
  { kind: ['text', (row) => row.kind], n: ['int4', (row) => row.n] },
  (rows, before) => `
    INSERT INTO record_change_counters AS counter (kind, value)
    SELECT kind, n FROM ${rows} WHERE ${afterParts(before)}
    ON CONFLICT (kind) DO UPDATE SET value = counter.value + excluded.value
    RETURNING kind, value`,
);

const changePart = definePart<RecordChangeRow & { readonly back: number }>(
  'record_change',
  {
    kind: ['text', (row) => row.kind],
    code: ['text', (row) => row.code],
    state: ['text', (row) => row.state],
    state_at: ['timestamptz', (row) => row.stateAt],
    changed_at: ['timestamptz', (row) => row.changedAt],
    back: ['int4', (row) => row.back],
  },
  (rows) => `
    INSERT INTO record_changes (kind, cursor, code, state, state_at, changed_at)
    SELECT kind, counter.value - back, code, state, state_at, changed_at
    FROM ${rows} JOIN record_counter counter USING (kind)
    RETURNING 1`,
);

/**
 * Begins the feed of each kind. A restored database then has all of them: a feed that began later would give its numbers
 * again.
 */
export async function beginRecordFeeds({ pool }: Pick<Database, 'pool'>, kinds: readonly string[]): Promise<void> {
  await pool.query(
    `INSERT INTO record_change_counters (kind, value) SELECT kind, 0 FROM unnest($1::text[]) AS kind ON CONFLICT DO NOTHING`,
    [kinds],
  );
}

/** A change in the feed of a kind. */
export interface RecordChange {
  readonly cursor: number;
  readonly code: string;
  readonly state: string;
  readonly stateAt: string;
  readonly changedAt: string;
}

/** The changes of a kind after a cursor, in the order of their commits. */
export async function readRecordChanges(
  { pool }: Database,
  kind: string,
  after: number,
  limit: number,
): Promise<readonly RecordChange[]> {
  const { rows } = await pool.query<RecordChange>({
    name: 'record changes',
    text: `SELECT cursor, code, state, state_at AS "stateAt", changed_at AS "changedAt" FROM record_changes
           WHERE kind = $1 AND cursor > $2 ORDER BY cursor LIMIT $3`,
    values: [kind, after, limit],
  });
  return rows;
}

/** The number of the newest committed change of a kind; 0 before the first one. */
export async function newestRecordChange({ pool }: Database, kind: string): Promise<number> {
  const { rows } = await pool.query<{ value: number }>({
    name: 'newest record change',
    text: 'SELECT value FROM record_change_counters WHERE kind = $1',
    values: [kind],
  });
  return rows[0]?.value ?? 0;
}
