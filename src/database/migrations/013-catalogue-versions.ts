import { type Kysely, sql } from 'kysely';

/**
 * Every version of the catalogue's entries: what was told when, and by whom. It is kept where the entries are written, so that
 * no statement can forget it, whichever way it comes and whichever version of the hub sends it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const COLUMNS = 'kind, key, version, code, in_force, record, hash, party, message_id, cause, changed_at';

/** Whoever takes an entry out of force because a complete list has it no more, has no content to hash. */
const versionOf = (entry: string): string => `
  ${['kind', 'key', 'version', 'code', 'in_force', 'record', 'hash', 'party'].map((name) => `${entry}.${name}`).join(', ')},
  CASE WHEN ${entry}.hash <> '\\x00' THEN ${entry}.message_id END,
  CASE WHEN ${entry}.hash <> '\\x00' THEN 'told' ELSE 'left-out' END, ${entry}.changed_at`;

const STATEMENTS = [
  /* \`message_id\` only of what was told. Versions of one entry may leave numbers out: a message that ends where it began. */
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

  /* The version that the last write began from, as of dossiers: several messages of one batch may change an entry. */
  `ALTER TABLE catalogue ADD COLUMN made_from int4`,

  /* What one statement wrote of an entry before this is seen here. */
  `CREATE FUNCTION hub_keep_catalogue_version() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO catalogue_versions (${COLUMNS}) SELECT ${versionOf('NEW')}
     WHERE NEW.hash IS DISTINCT FROM (
       SELECT v.hash FROM catalogue_versions v WHERE v.kind = NEW.kind AND v.key = NEW.key ORDER BY v.version DESC LIMIT 1);
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER catalogue_version_kept AFTER INSERT OR UPDATE ON catalogue
     FOR EACH ROW EXECUTE FUNCTION hub_keep_catalogue_version()`,

  /* What is held today is the first version that is known. */
  `INSERT INTO catalogue_versions (${COLUMNS}) SELECT ${versionOf('c')} FROM catalogue c`,
];
