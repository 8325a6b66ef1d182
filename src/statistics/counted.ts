import type pg from 'pg';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { overdueFrom } from '#core/statistics/changes';
import { type Counted, type Grade, RULES, type Rule } from '#core/statistics/rules';
import { withoutUndefined } from '#core/without-undefined';

/** The last count of a dossier. */
export interface CountedBefore {
  readonly code: string;
  readonly by: CountedRow['by'];
  /** What it added to the totals of facts. */
  readonly facts: number;
  /** Its place in the totals. Null if an older version counted it: then it added nothing to them. */
  readonly cell: number | null;
  /** What it added to the totals. */
  readonly changes: readonly number[];
}

const MEMBERS = ['began', 'ended', 'late', 'grade'] as const;
type Row = Omit<CountedBefore, 'by'> & Readonly<Record<`${(typeof MEMBERS)[number]}_${Rule}`, string | null>>;

/** The last counts of these dossiers. */
export async function loadCounted(
  tx: pg.PoolClient,
  codes: readonly string[],
): Promise<ReadonlyMap<string, CountedBefore>> {
  const { rows } = await tx.query<Row>({
    name: 'load counted',
    text: 'SELECT * FROM counted WHERE code = ANY($1::text[])',
    values: [codes],
  });
  return new Map(
    rows.map((row) => {
      const { code, facts, cell, changes } = row;
      return [
        code,
        { code, facts, cell, changes, by: Object.fromEntries(RULES.flatMap((rule) => countIn(row, rule))) },
      ];
    }),
  );
}

function countIn(row: Row, rule: Rule): readonly (readonly [Rule, Counted])[] {
  const [beganAt, endedAt, late, grade] = MEMBERS.map((name) => row[`${name}_${rule}`]);
  if (!beganAt) return [];
  const counted = {
    beganAt,
    endedAt: endedAt ?? undefined,
    grade: (grade as Grade | null) ?? undefined,
    lateAfter: late ? msToInstant(instantToMs(late) - 1) : undefined,
  };
  return [[rule, withoutUndefined(counted) as Counted]];
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

const OF_RULES = RULES.flatMap((rule) => MEMBERS.map((name) => `${name}_${rule}`));
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
