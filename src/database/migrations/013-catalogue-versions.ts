import { type Kysely, sql } from 'kysely';

/**
 * Every version of the catalogue's entries, with its time and its source. A trigger stores them, so no statement of any hub
 * version can skip it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const COLUMNS = 'kind, key, version, code, in_force, record, hash, party, message_id, cause, changed_at';

/** An entry that leaves force because a complete list lacks it has no content to hash. */
const versionOf = (entry: string): string => `
  ${['kind', 'key', 'version', 'code', 'in_force', 'record', 'hash', 'party'].map((name) => `${entry}.${name}`).join(', ')},
  CASE WHEN ${entry}.hash <> '\\x00' THEN ${entry}.message_id END,
  CASE WHEN ${entry}.hash <> '\\x00' THEN 'told' ELSE 'left-out' END, ${entry}.changed_at`;

const STATEMENTS = [
  /* \`message_id\` only for received versions. Numbers may be missing: one message may change an entry and change it back. */
  `CREATE TABLE catalogue_versions (
     kind text COLLATE "C" NOT NULL,
     key text COLLATE "C" NOT NULL,
     version int4 NOT NULL,
     code text COLLATE "C" NOT NULL,
     in_force bool NOT NULL,
     record json NOT NULL,
     hash bytea NOT NULL,
     party text COLLATE "C" NOT NULL,
     message_id uuid,
     cause text COLLATE "C" NOT NULL,
     changed_at timestamptz NOT NULL,
     PRIMARY KEY (kind, key, version)
   )`,
  `CREATE INDEX catalogue_versions_newest ON catalogue_versions (changed_at, kind, key, version)`,

  /* The version that the last write began from, as for dossiers: several messages of one batch may change an entry. */
  `ALTER TABLE catalogue ADD COLUMN made_from int4`,

  /* Sees all earlier changes of the same statement to an entry. */
  `CREATE FUNCTION hub_keep_catalogue_version() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO catalogue_versions (${COLUMNS}) SELECT ${versionOf('NEW')}
     WHERE NEW.hash IS DISTINCT FROM (
       SELECT v.hash FROM catalogue_versions v WHERE v.kind = NEW.kind AND v.key = NEW.key ORDER BY v.version DESC LIMIT 1);
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER catalogue_version_kept AFTER INSERT OR UPDATE ON catalogue
     FOR EACH ROW EXECUTE FUNCTION hub_keep_catalogue_version()`,

  /* The present content becomes the first known version. */
  `INSERT INTO catalogue_versions (${COLUMNS}) SELECT ${versionOf('c')} FROM catalogue c`,
];
