import { type Kysely, sql } from 'kysely';

/**
 * A report adds up few rows, however many dossiers there are: there are totals of thirds of months and of all agencies, and a
 * service has one row for all channels. The existing totals say all of these. A list of the dossiers behind a number begins
 * where their codes are.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const RULES = ['766', 'opencps', 'td'];
const KINDS = ['received', 'early', 'on_time', 'late', 'overdue', 'settled'];
const TOTALS = RULES.flatMap((rule) => KINDS.map((kind) => `${kind}_${rule}`));
const ONLINE = RULES.map((rule) => `online_${rule}`);
const SUMS = TOTALS.map((total) => `nullif(sum(${total}), 0)`).join(', ');
/** Of the dossiers received, those that came online. */
const ONLINE_SUMS = RULES.map((rule) => `nullif(sum(received_${rule}) FILTER (WHERE online), 0)`).join(', ');
/** The first day of the third of a month. */
function thirdOf(day: string): string {
  return `${day} - (extract(day FROM ${day})::int4 - 1) + 10 * least((extract(day FROM ${day})::int4 - 1) / 10, 2)`;
}
const THIRD = thirdOf('since');

/** The day in Vietnam. */
function dayOf(moment: string): string {
  return `(${moment} AT TIME ZONE 'Etc/GMT-7')::date`;
}

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  `INSERT INTO agency_totals (span, since, agency_code, channel, ${TOTALS.join(', ')})
   SELECT 'third', ${THIRD}, agency_code, channel, ${SUMS} FROM agency_totals WHERE span = 'day'
   GROUP BY ${THIRD}, agency_code, channel`,
  /* An empty code stands for all agencies. */
  `INSERT INTO agency_totals (span, since, agency_code, channel, ${TOTALS.join(', ')})
   SELECT span, since, '', channel, ${SUMS} FROM agency_totals GROUP BY span, since, channel`,
  'ALTER TABLE service_totals RENAME TO former_totals',
  'ALTER INDEX service_totals_pkey RENAME TO former_totals_pkey',
  `CREATE TABLE service_totals (
     span text COLLATE "C" NOT NULL, since date NOT NULL, service_key text COLLATE "C" NOT NULL,
     field_code text COLLATE "C" NOT NULL, ${[...TOTALS, ...ONLINE].map((total) => `${total} int4`).join(', ')},
     PRIMARY KEY (span, since, service_key, field_code)
   ) WITH (fillfactor = 70)`,
  `INSERT INTO service_totals
   SELECT span, since, service_key, field_code, ${SUMS}, ${ONLINE_SUMS} FROM former_totals GROUP BY 1, 2, 3, 4`,
  `INSERT INTO service_totals (span, since, service_key, field_code, ${TOTALS.join(', ')}, ${ONLINE.join(', ')})
   SELECT 'third', ${THIRD}, service_key, field_code, ${SUMS}, ${ONLINE.map((total) => `nullif(sum(${total}), 0)`).join(', ')}
   FROM service_totals WHERE span = 'day' GROUP BY ${THIRD}, service_key, field_code`,
  'DROP TABLE former_totals',
  /* Where the dossiers of an agency are in the order of codes, by the times of their beginning and end (code-ranges.ts). */
  `CREATE TABLE code_ranges (
     agency_code text COLLATE "C" NOT NULL, began date NOT NULL, ended date NOT NULL, prefix text COLLATE "C" NOT NULL,
     first text COLLATE "C" NOT NULL, last text COLLATE "C" NOT NULL, PRIMARY KEY (agency_code, began, ended, prefix)
   ) WITH (fillfactor = 70)`,
  'CREATE INDEX code_ranges_first ON code_ranges (first)',
  `INSERT INTO code_ranges
   SELECT k.agency_code, r.began, r.ended, CASE WHEN strpos(c.code, '-') > 0 THEN split_part(c.code, '-', 1) ELSE '' END,
     min(c.code), max(c.code)
   FROM counted c CROSS JOIN LATERAL (SELECT agency_code FROM total_cells k WHERE k.id = c.cell OFFSET 0) k
   CROSS JOIN LATERAL (VALUES
     ${RULES.map((rule) => `(${thirdOf(dayOf(`c.began_${rule}`))}, coalesce(date_trunc('month', ${dayOf(`c.ended_${rule}`)})::date, 'infinity'))`).join(', ')}
     ) AS r(began, ended)
   WHERE r.began IS NOT NULL GROUP BY 1, 2, 3, 4`,
  'ANALYZE agency_totals, service_totals, code_ranges',
];
