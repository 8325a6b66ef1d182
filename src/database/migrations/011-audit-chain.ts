import { type Kysely, sql } from 'kysely';

/**
 * Each audit entry is linked to the previous one: an entry that is changed, removed, inserted or moved later no longer fits the
 * next one. The database creates the links in the order of commits. See ledger/audit-chain.ts, which verifies them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `ALTER TABLE audit ADD COLUMN position int8, ADD COLUMN link bytea`,

  /* The one row: the newest entry. A writer locks it until its commit, so entries are written one after another. */
  `CREATE TABLE audit_head (position int8 NOT NULL, link bytea NOT NULL) WITH (fillfactor = 10)`,
  `INSERT INTO audit_head VALUES (0, sha256(''))`,

  /* The signed newest entry of each day, so that nobody without HUB_SECRET can forge the whole chain. */
  `CREATE TABLE audit_anchors (
     day date NOT NULL PRIMARY KEY,
     signed text NOT NULL
   )`,

  `CREATE FUNCTION hub_audit_link(before bytea, entry audit) RETURNS bytea LANGUAGE sql STABLE AS $$
     SELECT sha256(before || convert_to(jsonb_build_array(
       entry.position, trunc(extract(epoch FROM entry.at) * 1000)::int8, entry.actor, entry.action, entry.subject, entry.why
     )::text, 'UTF8'))
   $$`,
  `CREATE FUNCTION hub_link_audit() RETURNS trigger LANGUAGE plpgsql AS $$
   DECLARE head audit_head;
   BEGIN
     SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
     NEW.position := head.position + 1;
     NEW.link := hub_audit_link(head.link, NEW);
     UPDATE audit_head SET position = NEW.position, link = NEW.link;
     RETURN NEW;
   END $$`,

  /* Links the existing entries in their present form. */
  `DO $$
   DECLARE entry audit; head audit_head;
   BEGIN
     SELECT * INTO STRICT head FROM audit_head;
     FOR entry IN SELECT * FROM audit ORDER BY id LOOP
       entry.position := head.position + 1;
       entry.link := hub_audit_link(head.link, entry);
       UPDATE audit SET position = entry.position, link = entry.link WHERE id = entry.id;
       head := (entry.position, entry.link);
     END LOOP;
     UPDATE audit_head SET position = head.position, link = head.link;
   END $$`,
  `CREATE TRIGGER audit_linked BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION hub_link_audit()`,

  `ALTER TABLE audit ALTER COLUMN position SET NOT NULL, ALTER COLUMN link SET NOT NULL`,
  `CREATE UNIQUE INDEX audit_position ON audit (position)`,
];
