import type pg from 'pg';
import { overdueFrom } from '#core/statistics/changes';
import { type Counted, RULES, type Rule } from '#core/statistics/rules';

/** The last count of a dossier. */
export interface CountedBefore {
  readonly code: string;
  /** When it began and ended, by the rule that counts the most dossiers. */
  readonly beganAt: string | null;
  readonly endedAt: string | null;
  /** What it added to the totals of facts. */
  readonly began766: string | null;
  readonly facts: number;
  /** Its place in the totals. Null if an older version counted it: then it added nothing to them. */
  readonly cell: number | null;
  /** What it added to the totals. */
  readonly changes: readonly number[];
}

/** The last counts of these dossiers. */
export async function loadCounted(
  tx: pg.PoolClient,
  codes: readonly string[],
): Promise<ReadonlyMap<string, CountedBefore>> {
  const { rows } = await tx.query<CountedBefore>({
    name: 'load counted',
    text: `SELECT code, coalesce(began_opencps, began_766) AS "beganAt", ended_766 AS "endedAt", began_766 AS "began766", facts, cell, changes
           FROM counted WHERE code = ANY($1::text[])`,
    values: [codes],
  });
  return new Map(rows.map((row) => [row.code, row]));
}

/** A dossier as all rules count it, with its place in the totals. */
export interface CountedRow {
  readonly code: string;
  readonly cell: number;
  readonly changes: readonly number[];
  /** Bits of core/statistics/facts.ts. */
  readonly facts: number;
  readonly by: Readonly<Partial<Record<Rule, Counted>>>;
}

const OF_RULES = RULES.flatMap((rule) => [`began_${rule}`, `ended_${rule}`, `late_${rule}`, `grade_${rule}`]);
const ALL = ['code', 'cell', 'changes', 'facts', ...OF_RULES];

/** An array of arrays must be rectangular, so the changes come as texts. */
function typeOf(column: string): string {
  if (column === 'cell' || column === 'facts') return 'int4';
  return /^(?:began|ended|late)_/.test(column) ? 'timestamptz' : 'text';
}

const WRITE = `
  INSERT INTO counted (${ALL.join(', ')})
  SELECT ${ALL.map((column) => (column === 'changes' ? 'changes::int4[]' : column)).join(', ')}
  FROM unnest(${ALL.map((column, at) => `$${at + 1}::${typeOf(column)}[]`).join(', ')}) AS given(${ALL.join(', ')})
  ON CONFLICT (code) DO UPDATE SET ${ALL.slice(1)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}`;

/** Stores how these dossiers are counted, and deletes the counts of dossiers that are no longer in the index. */
export async function writeCounted(
  tx: pg.PoolClient,
  counted: readonly CountedRow[],
  gone: readonly string[],
): Promise<void> {
  if (gone.length > 0) await tx.query('DELETE FROM counted WHERE code = ANY($1::text[])', [gone]);
  if (counted.length === 0) return;
  const rows = counted.map(({ code, cell, changes, facts, by }) => [
    ...[code, cell, `{${changes.join(',')}}`, facts],
    ...RULES.flatMap((rule) => {
      const one = by[rule];
      return one ? [one.beganAt, one.endedAt, overdueFrom(one), one.grade] : [null, null, null, null];
    }),
  ]);
  await tx.query({
    name: 'write counted',
    text: WRITE,
    values: ALL.map((_, at) => rows.map((row) => row[at] ?? null)),
  });
}
