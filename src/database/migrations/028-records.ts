import { type Kysely, sql } from 'kysely';

/**
 * Records of other kinds than dossiers: questions, petitions, ratings, postal orders, payments. The key is the subject of
 * their deliveries: the kind, a blank, the code.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* The newest state of each. `masked` is ready to serve; `sealed` is the whole record, encrypted. */
  `CREATE TABLE records (
     subject text COLLATE "C" NOT NULL PRIMARY KEY,
     kind text COLLATE "C" NOT NULL,
     code text COLLATE "C" NOT NULL,
     owner text COLLATE "C" NOT NULL,
     version int4 NOT NULL,
     made_from int4 NOT NULL,
     last_message_id uuid NOT NULL,
     content_hash bytea NOT NULL,
     state text COLLATE "C" NOT NULL,
     state_at timestamptz NOT NULL,
     is_held bool NOT NULL,
     is_public bool NOT NULL,
     is_open bool NOT NULL,
     agency_code text COLLATE "C",
     field_code text COLLATE "C",
     dossier_code text COLLATE "C",
     unique_key text COLLATE "C",
     due_at timestamptz,
     search tsvector NOT NULL,
     masked text NOT NULL,
     sealed bytea NOT NULL,
     sealed_key int4 NOT NULL,
     phone_proof bytea,
     created_at timestamptz NOT NULL,
     changed_at timestamptz NOT NULL
   ) WITH (fillfactor = 85)`,
  `ALTER TABLE records ALTER COLUMN sealed SET STORAGE EXTERNAL`,
  `CREATE UNIQUE INDEX records_unique ON records (unique_key) WHERE unique_key IS NOT NULL`,
  `CREATE INDEX records_code ON records (code)`,
  `CREATE INDEX records_newest ON records (kind, state_at DESC, code)`,
  `CREATE INDEX records_agency ON records (kind, agency_code, state_at DESC)`,
  `CREATE INDEX records_dossier ON records (dossier_code) WHERE dossier_code IS NOT NULL`,
  `CREATE INDEX records_due ON records (kind, due_at) WHERE is_open`,
  `CREATE INDEX records_search ON records USING gin (search) WITH (fastupdate = on, gin_pending_list_limit = 512)`,

  /* What parties said of them. `reach` is what the event may change; `record` is the party's own content, encrypted. */
  `CREATE TABLE record_events (
     subject text COLLATE "C" NOT NULL,
     seq int4 NOT NULL,
     recorded_at timestamptz NOT NULL,
     received_at timestamptz NOT NULL,
     at timestamptz NOT NULL,
     state text COLLATE "C" NOT NULL,
     party text COLLATE "C" NOT NULL,
     reach text COLLATE "C" NOT NULL,
     is_held bool NOT NULL,
     is_judged bool NOT NULL,
     moved_state bool NOT NULL,
     hash bytea NOT NULL,
     message_id uuid NOT NULL,
     item int4 NOT NULL,
     record bytea NOT NULL,
     record_key int4 NOT NULL,
     PRIMARY KEY (subject, seq)
   )`,
  `ALTER TABLE record_events ALTER COLUMN record SET STORAGE EXTERNAL`,

  /* The change feed of each kind, numbered apart, so that each is without gaps. */
  `CREATE TABLE record_changes (
     kind text COLLATE "C" NOT NULL,
     cursor int8 NOT NULL,
     code text COLLATE "C" NOT NULL,
     state text COLLATE "C" NOT NULL,
     state_at timestamptz NOT NULL,
     changed_at timestamptz NOT NULL,
     PRIMARY KEY (kind, cursor)
   )`,
  `CREATE TABLE record_change_counters (
     kind text COLLATE "C" NOT NULL PRIMARY KEY,
     value int8 NOT NULL
   ) WITH (fillfactor = 10)`,
];
