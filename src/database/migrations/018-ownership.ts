import { type Kysely, sql } from 'kysely';

/**
 * Each event stores the dossier's owner and what others may change. Events of an older version keep NULL in both columns: they
 * count in full, as before. `ownership` holds the moment from which the ownership rules apply, so that a rebuild judges older
 * messages by the old rules. Dossiers that those rules would have kept apart are listed for operators and stay unchanged.
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
  // A party that is not the owner moved the dossier's status.
  `INSERT INTO doubtful_dossiers (code, kind, party)
   SELECT DISTINCT e.code, 'moved-by-another', e.party FROM events e JOIN dossiers d ON d.code = e.code
   WHERE e.party <> d.owner AND e.moved_status`,
  // Another party gave an alias for a party that never sent the dossier.
  `INSERT INTO doubtful_dossiers (code, kind, party)
   SELECT DISTINCT a.dossier, 'alias-by-another', a.party FROM aliases a
   WHERE NOT EXISTS (SELECT FROM events e WHERE e.code = a.dossier AND e.party = a.party)`,
  // A moment far in the future makes all real events older.
  `INSERT INTO doubtful_dossiers (code, kind, party)
   SELECT DISTINCT e.code, 'far-ahead', e.party FROM events e JOIN dossiers d ON d.code = e.code
   WHERE e.at > e.recorded_at + interval '1 day' AND e.at > clock_timestamp()`,
];
