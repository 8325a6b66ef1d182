import { type Kysely, sql } from 'kysely';

/** Totals of a field by agency and channel. A field may have a hundred services, so its cells are too many to add up. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const RULES = ['766', 'opencps', 'td'];
const KINDS = ['received', 'early', 'on_time', 'late', 'overdue', 'settled'];
const TOTALS = RULES.flatMap((rule) => KINDS.map((kind) => `${kind}_${rule}`));

const STATEMENTS = [
  /* Millions of rows take longer than a statement of the hub may. */
  'SET LOCAL statement_timeout = 0',
  /* A dossier without a field has the field of its service. The others have no service here. */
  `CREATE TABLE field_totals (
     field_code text COLLATE "C" NOT NULL, span text COLLATE "C" NOT NULL, since date NOT NULL,
     agency_code text COLLATE "C" NOT NULL, channel text COLLATE "C" NOT NULL, service_key text COLLATE "C" NOT NULL,
     ${TOTALS.map((total) => `${total} int4`).join(', ')},
     PRIMARY KEY (field_code, span, since, agency_code, channel, service_key)
   ) WITH (fillfactor = 80)`,
  /* OFFSET 0: a plan without statistics reads all totals for each cell. */
  `INSERT INTO field_totals
   SELECT k.field_code, t.span, t.since, t.agency_code, k.channel, CASE WHEN k.field_code = '' THEN k.service_key ELSE '' END,
     ${TOTALS.map((total) => `nullif(sum(t.${total}), 0)`).join(', ')}
   FROM cell_totals t CROSS JOIN LATERAL (SELECT * FROM total_cells k WHERE k.id = t.cell OFFSET 0) k GROUP BY 1, 2, 3, 4, 5, 6`,
  'ANALYZE field_totals',
];
