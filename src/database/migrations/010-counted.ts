import { type Kysely, sql } from 'kysely';

/**
 * The base of the statistics: a narrow row for each dossier, with the result of each rule (core/statistics/counts.ts). It is
 * written behind the change feed, so it costs accepting nothing; `counted_state` is its progress.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const ofRule = (rule: string) =>
  `began_${rule} timestamptz, ended_${rule} timestamptz, late_${rule} timestamptz, grade_${rule} text COLLATE "C"`;

const STATEMENTS = [
  `CREATE TABLE counted (
     code text COLLATE "C" NOT NULL PRIMARY KEY,
     agency_code text COLLATE "C" NOT NULL,
     field_code text COLLATE "C",
     service_key text COLLATE "C" NOT NULL,
     channel text COLLATE "C" NOT NULL,
     ${['766', 'opencps', 'td'].map(ofRule).join(', ')}
   ) WITH (fillfactor = 90)`,
  /*
   * The one row: the last counted change; during a full recount, the last counted dossier; and the newest change of the
   * services whose terms were used.
   */
  `CREATE TABLE counted_state (cursor int8 NOT NULL, filled_to text COLLATE "C", services_at timestamptz) WITH (fillfactor = 10)`,
  `INSERT INTO counted_state
   SELECT value, CASE WHEN EXISTS (SELECT 1 FROM dossiers) THEN '' END, NULL FROM change_counter`,
];
