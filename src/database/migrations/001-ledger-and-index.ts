import { type Kysely, sql } from 'kysely';

/**
 * The first tables. Codes are the keys: a dossier's code never changes, and every query is for a code. Tables that only grow
 * are partitioned by month (partitions.ts creates the months ahead).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* A batch that meets a concurrent change must fail as a whole, inside its one statement. */
  `CREATE FUNCTION hub_expect(actual int8, expected int8, part text) RETURNS int8 LANGUAGE plpgsql AS $$
   BEGIN
     IF actual <> expected THEN
       RAISE EXCEPTION '% of % rows of part %', actual, expected, part USING ERRCODE = '40001';
     END IF;
     RETURN actual;
   END $$`,

  /* The unchanged messages of partners. The id is a UUIDv7: its time is received_at, so the id alone finds the month. */
  `CREATE TABLE messages (
     id uuid NOT NULL PRIMARY KEY,
     receipt uuid NOT NULL,
     received_at timestamptz NOT NULL,
     party text COLLATE "C",
     door text NOT NULL,
     operation text,
     key_name text,
     media_type text,
     body_bytes int4 NOT NULL,
     body_hash bytea,
     body bytea,
     body_key int4,
     outcome text NOT NULL,
     results json NOT NULL
   ) PARTITION BY RANGE (id)`,
  `CREATE INDEX messages_receipt ON messages (receipt)`,

  `CREATE TABLE idempotency_keys (
     party text COLLATE "C" NOT NULL,
     key text COLLATE "C" NOT NULL,
     body_hash bytea NOT NULL,
     receipt uuid NOT NULL,
     created_at timestamptz NOT NULL,
     PRIMARY KEY (party, key)
   )`,

  /* The newest state of each dossier. \`masked\` is ready to serve; \`sealed\` is the whole record, encrypted. */
  `CREATE TABLE dossiers (
     code text COLLATE "C" NOT NULL PRIMARY KEY,
     owner text COLLATE "C" NOT NULL,
     version int4 NOT NULL,
     made_from int4 NOT NULL,
     last_message_id uuid NOT NULL,
     last_at timestamptz NOT NULL,
     inferred bool NOT NULL,
     content_hash bytea NOT NULL,
     status text COLLATE "C" NOT NULL,
     status_at timestamptz NOT NULL,
     service_key text COLLATE "C" NOT NULL,
     service_code text COLLATE "C" NOT NULL,
     field_code text COLLATE "C",
     agency_code text COLLATE "C" NOT NULL,
     channel text COLLATE "C",
     submitted_at timestamptz,
     received_at timestamptz,
     due_at timestamptz,
     finished_at timestamptz,
     returned_at timestamptz,
     refused_at timestamptz,
     parent_code text COLLATE "C",
     search tsvector NOT NULL,
     masked text NOT NULL,
     sealed bytea NOT NULL,
     sealed_key int4 NOT NULL,
     phone_proof bytea,
     identity_proof bytea,
     created_at timestamptz NOT NULL,
     changed_at timestamptz NOT NULL
   ) WITH (fillfactor = 85, toast_tuple_target = 8160)`,
  `ALTER TABLE dossiers ALTER COLUMN sealed SET STORAGE EXTERNAL`,
  `CREATE INDEX dossiers_newest ON dossiers (status_at DESC, code)`,
  `CREATE INDEX dossiers_agency ON dossiers (agency_code, status_at DESC)`,
  `CREATE INDEX dossiers_service ON dossiers (service_key, status_at DESC)`,
  `CREATE INDEX dossiers_unfinished_due ON dossiers (due_at)
     WHERE status IN ('submitted', 'received', 'processing', 'supplement-required', 'payment-required')`,
  /* A small pending list, because a search reads it from end to end. */
  `CREATE INDEX dossiers_search ON dossiers USING gin (search) WITH (fastupdate = on, gin_pending_list_limit = 512)`,

  `CREATE TABLE aliases (
     party text COLLATE "C" NOT NULL,
     code text COLLATE "C" NOT NULL,
     dossier text COLLATE "C" NOT NULL,
     PRIMARY KEY (party, code)
   )`,
  `CREATE INDEX aliases_code ON aliases (code)`,
  `CREATE INDEX aliases_dossier ON aliases (dossier)`,

  /* Every change to every dossier. \`record\` is the party's own content, encrypted. */
  `CREATE TABLE events (
     code text COLLATE "C" NOT NULL,
     seq int4 NOT NULL,
     recorded_at timestamptz NOT NULL,
     received_at timestamptz NOT NULL,
     kind text COLLATE "C" NOT NULL,
     at timestamptz NOT NULL,
     status text COLLATE "C" NOT NULL,
     party text COLLATE "C" NOT NULL,
     authoritative bool NOT NULL,
     inferred bool NOT NULL,
     moved_status bool NOT NULL,
     anomaly text,
     hash bytea NOT NULL,
     message_id uuid NOT NULL,
     item int4 NOT NULL,
     record bytea NOT NULL,
     record_key int4 NOT NULL,
     PRIMARY KEY (code, seq, recorded_at)
   ) PARTITION BY RANGE (recorded_at)`,
  `ALTER TABLE events ALTER COLUMN record SET STORAGE EXTERNAL`,

  /* The change feed. The counter's row lock is held to the commit, so cursors are in commit order and without gaps. */
  `CREATE TABLE changes (
     cursor int8 NOT NULL,
     code text COLLATE "C" NOT NULL,
     status text COLLATE "C" NOT NULL,
     status_at timestamptz NOT NULL,
     changed_at timestamptz NOT NULL,
     PRIMARY KEY (cursor, changed_at)
   ) PARTITION BY RANGE (changed_at)`,
  `CREATE TABLE change_counter (value int8 NOT NULL) WITH (fillfactor = 10)`,
  `INSERT INTO change_counter VALUES (0)`,

  /* Deliveries to partners. In flight is a due row whose next_at is the end of its lease. */
  `CREATE TABLE deliveries (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     party text COLLATE "C" NOT NULL,
     operation text COLLATE "C" NOT NULL,
     subject text COLLATE "C" NOT NULL,
     seq int4 NOT NULL,
     message_id uuid NOT NULL,
     state text COLLATE "C" NOT NULL DEFAULT 'due',
     created_at timestamptz NOT NULL,
     next_at timestamptz NOT NULL,
     attempts int4 NOT NULL DEFAULT 0,
     token int8 NOT NULL DEFAULT 0,
     leased_by text,
     doubt bool NOT NULL DEFAULT false,
     cause_key text,
     outcome text,
     reason text,
     detail text,
     reference text,
     settled_at timestamptz
   ) WITH (fillfactor = 85)`,
  `CREATE INDEX deliveries_due ON deliveries (party, next_at, id) WHERE state = 'due'`,
  `CREATE INDEX deliveries_subject ON deliveries (party, subject, id)`,
  `CREATE INDEX deliveries_cause ON deliveries (cause_key) WHERE cause_key IS NOT NULL`,

  `CREATE TABLE attempts (
     delivery_id int8 NOT NULL,
     number int4 NOT NULL,
     at timestamptz NOT NULL,
     took_ms int4 NOT NULL,
     outcome text NOT NULL,
     reason text,
     detail text,
     wire bytea,
     wire_key int4,
     PRIMARY KEY (delivery_id, number, at)
   ) PARTITION BY RANGE (at)`,

  /* Items of messages, and deliveries, that wait for a person. */
  `CREATE TABLE quarantine (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     cause_kind text COLLATE "C" NOT NULL,
     cause_key text COLLATE "C" NOT NULL,
     detail text NOT NULL,
     party text COLLATE "C" NOT NULL,
     operation text COLLATE "C" NOT NULL,
     code text COLLATE "C",
     message_id uuid NOT NULL,
     item int4 NOT NULL,
     delivery_id int8,
     opened_at timestamptz NOT NULL,
     settled_at timestamptz,
     settlement text
   )`,
  `CREATE INDEX quarantine_waiting ON quarantine (cause_key, id) WHERE settled_at IS NULL`,
  `CREATE INDEX quarantine_delivery ON quarantine (delivery_id) WHERE settled_at IS NULL`,
  `CREATE INDEX quarantine_code ON quarantine (code) WHERE settled_at IS NULL`,

  `CREATE TABLE unknown_codes (
     kind text COLLATE "C" NOT NULL,
     code text COLLATE "C" NOT NULL,
     party text COLLATE "C" NOT NULL,
     first_at timestamptz NOT NULL,
     last_at timestamptz NOT NULL,
     PRIMARY KEY (kind, code, party)
   )`,

  /* Services, agencies and fields, one row each; \`key\` is common to all forms of a code. */
  `CREATE TABLE catalogue (
     kind text COLLATE "C" NOT NULL,
     key text COLLATE "C" NOT NULL,
     code text COLLATE "C" NOT NULL,
     name text NOT NULL,
     in_force bool NOT NULL,
     field_code text COLLATE "C",
     levels text[] NOT NULL DEFAULT '{}',
     audiences text[] NOT NULL DEFAULT '{}',
     agencies text[] NOT NULL DEFAULT '{}',
     search tsvector NOT NULL,
     record json NOT NULL,
     hash bytea NOT NULL,
     party text COLLATE "C" NOT NULL,
     message_id uuid NOT NULL,
     version int4 NOT NULL DEFAULT 1,
     changed_at timestamptz NOT NULL,
     PRIMARY KEY (kind, key)
   )`,
  `CREATE INDEX catalogue_name ON catalogue (kind, code)`,

  /* The next time to poll each partner, and its checkpoint. One process holds the lease. */
  `CREATE TABLE pulls (
     party text COLLATE "C" NOT NULL,
     name text COLLATE "C" NOT NULL,
     next_at timestamptz NOT NULL,
     checkpoint json,
     token int8 NOT NULL DEFAULT 0,
     leased_until timestamptz,
     last_at timestamptz,
     last_error text,
     PRIMARY KEY (party, name)
   )`,

  `CREATE TABLE audit (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     at timestamptz NOT NULL,
     actor text NOT NULL,
     action text NOT NULL,
     subject text NOT NULL
   )`,
];
