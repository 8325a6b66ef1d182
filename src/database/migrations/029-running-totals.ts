import { type Kysely, sql } from 'kysely';

/**
 * Running totals of the statistics by day, month and year, so that a report reads no dossiers. The counting adds a dossier's
 * changes to them (`counted.changes`), and takes the former ones off. All dossiers are counted again to fill the totals.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const RULES = ['766', 'opencps', 'td'];
const KINDS = ['received', 'early', 'on_time', 'late', 'overdue', 'settled'];
/** NULL is 0: most totals of a day have few kinds, and a NULL takes no room. */
const TOTALS = RULES.flatMap((rule) => KINDS.map((kind) => `${kind}_${rule} int4`)).join(', ');

const STATEMENTS = [
  /* The dossiers of one agency, field, service and channel. An empty text means that a dossier has none. */
  `CREATE TABLE total_cells (
     id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     agency_code text COLLATE "C" NOT NULL,
     field_code text COLLATE "C" NOT NULL,
     service_key text COLLATE "C" NOT NULL,
     channel text COLLATE "C" NOT NULL,
     UNIQUE (agency_code, service_key, field_code, channel)
   )`,
  `CREATE INDEX total_cells_service ON total_cells (service_key)`,
  /* Each index reads the totals of one agency or of one service in a span from neighbouring entries. */
  `CREATE TABLE cell_totals (
     agency_code text COLLATE "C" NOT NULL, span text COLLATE "C" NOT NULL, since date NOT NULL, cell int4 NOT NULL,
     service_key text COLLATE "C" NOT NULL, ${TOTALS},
     PRIMARY KEY (agency_code, span, since, cell)
   ) WITH (fillfactor = 80)`,
  `CREATE INDEX cell_totals_service ON cell_totals (service_key, span, since)`,
  `CREATE TABLE agency_totals (
     span text COLLATE "C" NOT NULL, since date NOT NULL, agency_code text COLLATE "C" NOT NULL,
     channel text COLLATE "C" NOT NULL, ${TOTALS},
     PRIMARY KEY (span, since, agency_code, channel)
   ) WITH (fillfactor = 70)`,
  `CREATE TABLE service_totals (
     span text COLLATE "C" NOT NULL, since date NOT NULL, service_key text COLLATE "C" NOT NULL,
     field_code text COLLATE "C" NOT NULL, online bool NOT NULL, ${TOTALS},
     PRIMARY KEY (span, since, service_key, field_code, online)
   ) WITH (fillfactor = 70)`,
  /* What a dossier adds to the totals (core/statistics/changes.ts). Rows of older versions have no cell and add nothing. */
  `ALTER TABLE counted ADD COLUMN cell int4, ADD COLUMN changes int4[] NOT NULL DEFAULT '{}',
     DROP COLUMN agency_code, DROP COLUMN field_code, DROP COLUMN service_key, DROP COLUMN channel`,
  `CREATE INDEX counted_cell ON counted (cell, code)`,
  `CREATE INDEX counted_changes ON counted USING gin (changes) WITH (fastupdate = on, gin_pending_list_limit = 512)`,
  `CREATE INDEX counted_pending ON counted (code) WHERE (began_766 IS NOT NULL AND ended_766 IS NULL)
     OR (began_opencps IS NOT NULL AND ended_opencps IS NULL) OR (began_td IS NOT NULL AND ended_td IS NULL)`,
  `UPDATE counted_state SET filled_to = '' WHERE EXISTS (SELECT 1 FROM counted)`,
];
