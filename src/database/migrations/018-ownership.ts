import { type Kysely, sql } from 'kysely';

/**
 * Whose dossier it is, and what others may change of it, is kept with each event. Events of an older version keep NULL in
 * both columns: they count in full, as they did when they came.
 *
 * `ownership` holds the moment from which messages are judged by the rules of ownership, so that a rebuild judges older
 * ones as they were judged then. Dossiers that those rules would have kept apart are listed for operators and stay unchanged.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `ALTER TABLE events ADD COLUMN owner text COLLATE "C", ADD COLUMN shared text`,
  `CREATE TABLE ownership (since timestamptz NOT NULL)`,
  `INSERT INTO ownership
   SELECT CASE WHEN EXISTS (SELECT FROM messages) THEN clock_timestamp() ELSE '1970-01-01T00:00:00Z'::timestamptz END`,
  `CREATE TABLE doubtful_dossiers (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     code text COLLATE "C" NOT NULL,
     kind text NOT NULL,
     party text COLLATE "C" NOT NULL,
     found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     settled_at timestamptz,
     settled_by text,
     UNIQUE (code, kind, party))`,
  // A party that is not the owner moved the status of the dossier.
  `INSERT INTO doubtful_dossiers (code, kind, party)
   SELECT DISTINCT e.code, 'moved-by-another', e.party FROM events e JOIN dossiers d ON d.code = e.code
   WHERE e.party <> d.owner AND e.moved_status`,
  // Somebody gave an alias for a party that never said anything of the dossier.
  `INSERT INTO doubtful_dossiers (code, kind, party)
   SELECT DISTINCT a.dossier, 'alias-by-another', a.party FROM aliases a
   WHERE NOT EXISTS (SELECT FROM events e WHERE e.code = a.dossier AND e.party = a.party)`,
  // A moment far ahead makes everything real older.
  `INSERT INTO doubtful_dossiers (code, kind, party)
   SELECT DISTINCT e.code, 'far-ahead', e.party FROM events e JOIN dossiers d ON d.code = e.code
   WHERE e.at > e.recorded_at + interval '1 day' AND e.at > clock_timestamp()`,
];
