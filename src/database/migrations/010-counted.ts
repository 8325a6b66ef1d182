import { type Kysely, sql } from 'kysely';

/**
 * What statistics are counted from: a narrow row a dossier, with what each rule (core/statistics/counts.ts) makes of it. It is
 * written behind the change feed, so that taking dossiers in costs nothing more; `counted_state` says how far.
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
  /* The one row: the last change that is counted; while all dossiers are gone through, the last one of them; and the newest
     change of the services whose terms were counted by. */
  `CREATE TABLE counted_state (cursor int8 NOT NULL, filled_to text COLLATE "C", services_at timestamptz) WITH (fillfactor = 10)`,
  `INSERT INTO counted_state
   SELECT value, CASE WHEN EXISTS (SELECT 1 FROM dossiers) THEN '' END, NULL FROM change_counter`,
];
