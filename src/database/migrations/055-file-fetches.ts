import { type Kysely, sql } from 'kysely';

/**
 * Files that dossiers name by an address, which the hub fetches. The address may hold a signature of its host, so it is sealed
 * like a record, and `address` is its keyed hash. `due_at` is also the lease of a fetch.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE file_fetches (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     party text COLLATE "C" NOT NULL,
     code text COLLATE "C" NOT NULL,
     address text COLLATE "C" NOT NULL,
     url bytea NOT NULL,
     url_key int4 NOT NULL,
     state text COLLATE "C" NOT NULL DEFAULT 'due',
     tries int4 NOT NULL DEFAULT 0,
     due_at timestamptz NOT NULL,
     sha256 text COLLATE "C",
     UNIQUE (party, code, address)
   )`,
  `CREATE INDEX file_fetches_due ON file_fetches (due_at) WHERE state = 'due'`,
  'CREATE INDEX file_fetches_of_address ON file_fetches (address)',
  'CREATE INDEX file_fetches_of_dossier ON file_fetches (code)',
  `CREATE INDEX file_fetches_open ON file_fetches (party) WHERE state <> 'stored'`,
];
