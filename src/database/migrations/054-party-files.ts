import { type Kysely, sql } from 'kysely';

/**
 * Which party has which file, and how many bytes it has in all: the quota is exact, and cheap at each push. `kept_until` is empty
 * while a dossier names the file. Then a party that pushed a file no longer needs a use without a dossier.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  'SET LOCAL statement_timeout = 0',
  `CREATE TABLE party_files (
     party text COLLATE "C" NOT NULL,
     sha256 text COLLATE "C" NOT NULL,
     bytes int8 NOT NULL,
     kept_until timestamptz,
     PRIMARY KEY (party, sha256)
   )`,
  'CREATE INDEX party_files_of_file ON party_files (sha256)',
  'CREATE INDEX party_files_unused ON party_files (kept_until) WHERE kept_until IS NOT NULL',
  'CREATE TABLE party_file_bytes (party text COLLATE "C" NOT NULL PRIMARY KEY, bytes int8 NOT NULL)',
  `INSERT INTO party_files (party, sha256, bytes, kept_until)
   SELECT u.party, u.sha256, f.bytes, CASE WHEN bool_and(u.code = '') THEN max(u.at) + interval '1 day' END
   FROM file_uses u JOIN files f ON f.sha256 = u.sha256 GROUP BY u.party, u.sha256, f.bytes`,
  'INSERT INTO party_file_bytes (party, bytes) SELECT party, sum(bytes) FROM party_files GROUP BY party',
  `UPDATE files SET state = 'removing' WHERE NOT EXISTS (SELECT FROM party_files p WHERE p.sha256 = files.sha256)`,
  `DELETE FROM file_uses WHERE code = ''`,
  'DROP INDEX file_uses_of_party, file_uses_pushed',
];
