import { type Kysely, sql } from 'kysely';

/**
 * Files that pass through the hub. Their bytes are outside the database, sealed with a key of their own, which is sealed here
 * with HUB_SECRET: a deleted row leaves bytes that nobody can read. `place` names the stored object. A file without a use is
 * removed. The use with an empty code is a file that a party pushed before a dossier names it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE files (
     sha256 text COLLATE "C" NOT NULL PRIMARY KEY,
     bytes int8 NOT NULL,
     media_type text NOT NULL,
     place text COLLATE "C" NOT NULL,
     state text NOT NULL,
     scan text NOT NULL,
     found text,
     stored_at timestamptz NOT NULL,
     secret bytea NOT NULL,
     secret_key int4 NOT NULL
   )`,
  `CREATE INDEX files_to_scan ON files (stored_at) WHERE scan = 'unscanned'`,
  `CREATE INDEX files_to_remove ON files (sha256) WHERE state = 'removing'`,
  `CREATE TABLE file_uses (
     sha256 text COLLATE "C" NOT NULL,
     party text COLLATE "C" NOT NULL,
     code text COLLATE "C" NOT NULL,
     at timestamptz NOT NULL,
     PRIMARY KEY (sha256, party, code)
   )`,
  'CREATE INDEX file_uses_of_dossier ON file_uses (code)',
  'CREATE INDEX file_uses_of_party ON file_uses (party, sha256)',
  `CREATE INDEX file_uses_pushed ON file_uses (at) WHERE code = ''`,
];
