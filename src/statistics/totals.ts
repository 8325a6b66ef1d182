import type pg from 'pg';
import { KINDS_A_DAY, TOTALS } from '#core/statistics/changes';
import { FACT_TOTALS } from '#core/statistics/fact-totals';
import { RULES } from '#core/statistics/rules';
import { ALL_AGENCIES } from './sources.ts';

/** Additions to the running totals. */
export interface TotalChanges {
  /** Adds the changes of a dossier in this cell, by their codes, or takes them off (-1). */
  add(cell: number, changes: readonly number[], sign: 1 | -1): void;
  /** The sums other than 0 of each cell and day, in the order of their keys. */
  rows(): readonly Readonly<Record<string, number>>[];
}

export function createTotalChanges(): TotalChanges {
  // By cell and change: the sums of a day have codes beside each other.
  const cells = new Map<number, Map<number, number>>();
  return {
    add(cell, changes, sign) {
      const sums = cells.get(cell) ?? new Map<number, number>();
      cells.set(cell, sums);
      for (const change of changes) sums.set(change, (sums.get(change) ?? 0) + sign);
    },
    rows: () => [...cells].sort(byKey).flatMap(([cell, sums]) => rowsOf(cell, [...sums].sort(byKey))),
  };
}

/** The totals by the place of a change in its day. */
const GIVEN: readonly string[] = [...TOTALS, ...FACT_TOTALS];

function byKey([a]: readonly [number, number | object], [b]: readonly [number, number | object]): number {
  return a - b;
}

/** One row for each day. */
function rowsOf(cell: number, sums: readonly (readonly [change: number, sum: number])[]): Record<string, number>[] {
  const rows: Record<string, number>[] = [];
  for (const [change, sum] of sums) {
    if (sum === 0) continue;
    const day = Math.floor(change / KINDS_A_DAY);
    if (rows.at(-1)?.day !== day) rows.push({ cell, day });
    Object.assign(rows.at(-1) as object, { [GIVEN[change - day * KINDS_A_DAY] as string]: sum });
  }
  return rows;
}

/** Adds to all running totals with one statement. Rows are written in the order of their keys. */
export async function addToTotals(tx: pg.PoolClient, changes: TotalChanges): Promise<void> {
  const rows = changes.rows();
  if (rows.length > 0) await tx.query({ name: 'add to totals', text: ADD, values: [JSON.stringify(rows)] });
}

/** Of the dossiers received, those that came online. */
const ONLINE = RULES.map((rule) => `online_${rule}`);

interface Table {
  readonly name: string;
  /** The columns that name a row, beside its span. */
  readonly key: string;
  readonly columns?: string;
  readonly totals?: readonly string[];
  readonly from?: string;
}

/** NULL is 0. */
function addTo({ name, key, columns = key, totals = TOTALS, from = 'added' }: Table): string {
  const sums = totals.map((total) => `nullif(sum(${total}), 0)`).join(', ');
  return `
    INSERT INTO ${name} AS t (span, since, ${columns}, ${totals.join(', ')})
    SELECT span, since, ${columns}, ${sums} FROM ${from}
    GROUP BY span, since, ${columns} HAVING num_nonnulls(${sums}) > 0 ORDER BY span, since, ${columns}
    ON CONFLICT (span, since, ${key}) DO UPDATE SET ${totals
      .map((total) => `${total} = nullif(coalesce(t.${total}, 0) + coalesce(excluded.${total}, 0), 0)`)
      .join(', ')}
    RETURNING 1`;
}

/** Each dossier counts in its agency and in all agencies. */
const WITH_ALL = `(SELECT span, since, channel, a.agency_code, ${GIVEN.join(', ')}
  FROM added CROSS JOIN LATERAL (VALUES (added.agency_code), ('${ALL_AGENCIES}')) AS a(agency_code)) AS added`;

/** A dossier without a field has the field of its service. */
const BY_FIELD = `(SELECT span, since, field_code, agency_code, channel, ${TOTALS.join(', ')},
    CASE WHEN field_code = '' THEN service_key ELSE '' END AS service_key
  FROM added WHERE span <> 'third') AS added`;

const ADD = `
  WITH given AS (
    SELECT date '1970-01-01' + day AS date, k.*, ${GIVEN.join(', ')}
    FROM json_to_recordset($1::json) AS g(cell int4, day int4, ${GIVEN.map((total) => `${total} int4`).join(', ')})
    JOIN total_cells k ON k.id = g.cell),
  added AS MATERIALIZED (
    SELECT s.span, s.since, id AS cell, agency_code, service_key, field_code, channel, ${GIVEN.join(', ')},
      ${RULES.map((rule) => `CASE WHEN channel = 'online' THEN received_${rule} END AS online_${rule}`).join(', ')}
    FROM given CROSS JOIN LATERAL (VALUES
      ('day', date),
      ('third', date - (extract(day FROM date)::int4 - 1) + 10 * least((extract(day FROM date)::int4 - 1) / 10, 2)),
      ('month', date - (extract(day FROM date)::int4 - 1)),
      ('year', date - (extract(doy FROM date)::int4 - 1))) AS s(span, since)),
  cells AS (${addTo({
    name: 'cell_totals',
    key: 'agency_code, cell',
    columns: 'agency_code, cell, service_key',
    from: `added WHERE span <> 'third'`,
  })}),
  fields AS (${addTo({ name: 'field_totals', key: 'field_code, agency_code, channel, service_key', from: BY_FIELD })}),
  agencies AS (${addTo({ name: 'agency_totals', key: 'agency_code, channel', totals: GIVEN, from: WITH_ALL })}),
  services AS (${addTo({ name: 'service_totals', key: 'service_key, field_code', totals: [...TOTALS, ...ONLINE] })})
  SELECT (SELECT count(*) FROM cells) + (SELECT count(*) FROM fields) + (SELECT count(*) FROM agencies) + (SELECT count(*) FROM services) AS written`;
