import { type Kysely, sql } from 'kysely';

/**
 * The totals of agencies also count facts (core/statistics/fact-totals.ts), so that a report on online services reads no
 * dossiers. The field report finds the dossiers that lack a field by an index in the order of their codes.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/* The bits of core/statistics/facts.ts: those of the defects are the 10th to the 23rd. */
const LACKING = '(facts & 8388096) <> 0';
const BEGAN: Readonly<Record<string, string>> = {
  payable_766: '(facts & 2) <> 0',
  paid_online_766: '(facts & 6) = 6',
  began_lacking_766: LACKING,
};
const ENDED: Readonly<Record<string, string>> = {
  done_766: '(facts & 1) <> 0',
  digitised_766: '(facts & 9) = 9',
  reused_766: '(facts & 1) <> 0 AND (facts & 112) <> 0',
  paper_766: '(facts & 128) <> 0',
  digital_result_766: '(facts & 384) = 384',
  ended_lacking_766: LACKING,
};
const TOTALS = [...Object.keys(BEGAN), ...Object.keys(ENDED)];

function sumsOf(totals: Readonly<Record<string, string>>): string {
  return Object.entries(totals)
    .map(([total, condition]) => `nullif(count(*) FILTER (WHERE ${condition}), 0) AS ${total}`)
    .join(', ');
}

function noneOf(totals: Readonly<Record<string, string>>): string {
  return Object.keys(totals)
    .map((total) => `NULL::int8 AS ${total}`)
    .join(', ');
}

/** The day in Vietnam. */
function dayOf(moment: string): string {
  return `(${moment} AT TIME ZONE 'Etc/GMT-7')::date`;
}

const DAY_OF_MONTH = 'extract(day FROM date)::int4 - 1';

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `ALTER TABLE agency_totals ${TOTALS.map((total) => `ADD COLUMN ${total} int4`).join(', ')}`,
  /* A row without a cell adds nothing to totals. */
  `WITH days AS (
     SELECT ${dayOf('began_766')} AS date, cell, ${sumsOf(BEGAN)}, ${noneOf(ENDED)} FROM counted
     WHERE began_766 IS NOT NULL AND cell IS NOT NULL GROUP BY 1, 2
     UNION ALL
     SELECT ${dayOf('ended_766')}, cell, ${noneOf(BEGAN)}, ${sumsOf(ENDED)} FROM counted
     WHERE ended_766 IS NOT NULL AND cell IS NOT NULL GROUP BY 1, 2)
   INSERT INTO agency_totals (span, since, agency_code, channel, ${TOTALS.join(', ')})
   SELECT s.span, s.since, a.agency_code, k.channel, ${TOTALS.map((total) => `sum(${total})::int4`).join(', ')}
   FROM days JOIN total_cells k ON k.id = days.cell
     CROSS JOIN LATERAL (VALUES ('day', date), ('third', date - (${DAY_OF_MONTH}) + 10 * least((${DAY_OF_MONTH}) / 10, 2)),
       ('month', date - (${DAY_OF_MONTH})), ('year', date - (extract(doy FROM date)::int4 - 1))) AS s(span, since)
     CROSS JOIN LATERAL (VALUES (k.agency_code), ('')) AS a(agency_code)
   WHERE num_nonnulls(${TOTALS.join(', ')}) > 0
   GROUP BY 1, 2, 3, 4
   ON CONFLICT (span, since, agency_code, channel) DO UPDATE SET ${TOTALS.map((total) => `${total} = excluded.${total}`).join(', ')}`,
  `CREATE INDEX counted_lacking ON counted (code) WHERE ${LACKING}`,
  /* Only these reports read them. */
  'DROP INDEX counted_began, counted_ended',
  'ANALYZE agency_totals, counted',
];
