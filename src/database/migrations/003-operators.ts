import { type Kysely, sql } from 'kysely';

/** Orders of operators: entries of code tables, resolutions of causes, replays; and each partner's health. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Only superseded_at ever changes, so that a rebuild can read a message by the same entry. */
  `CREATE TABLE code_entries (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     party text COLLATE "C" NOT NULL,
     table_name text COLLATE "C" NOT NULL,
     from_code text COLLATE "C" NOT NULL,
     to_code text COLLATE "C" NOT NULL,
     version int4 NOT NULL,
     who text NOT NULL,
     why text NOT NULL,
     at timestamptz NOT NULL,
     in_force_at timestamptz NOT NULL,
     superseded_at timestamptz,
     UNIQUE (party, table_name, from_code, version)
   )`,

  /*
   * A person's decision on a cause. The process that holds the row's lock carries it out piece by piece; \`after_…\` is its
   * progress.
   */
  `CREATE TABLE resolutions (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     cause_key text COLLATE "C" NOT NULL,
     parties text[] NOT NULL,
     action text NOT NULL,
     who text NOT NULL,
     why text NOT NULL,
     at timestamptz NOT NULL,
     until timestamptz NOT NULL,
     after_message uuid,
     after_item int4,
     freed int4 NOT NULL DEFAULT 0,
     finished_at timestamptz
   )`,
  `CREATE INDEX resolutions_unfinished ON resolutions (id) WHERE finished_at IS NULL`,
  `ALTER TABLE quarantine ADD COLUMN settled_by text`,
  `CREATE INDEX quarantine_items ON quarantine (cause_key, message_id, item)
     WHERE settled_at IS NULL AND delivery_id IS NULL`,
  `CREATE INDEX quarantine_message ON quarantine (message_id)`,

  /* The process that holds the row's lock owns the run; \`next_at\` enforces its rate. */
  `CREATE TABLE replays (
     id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     who text NOT NULL,
     why text NOT NULL,
     at timestamptz NOT NULL,
     filter json NOT NULL,
     per_second int4 NOT NULL,
     state text NOT NULL DEFAULT 'running',
     next_at timestamptz NOT NULL,
     ended_at timestamptz,
     stopped_by text
   )`,
  `CREATE INDEX replays_running ON replays (id) WHERE state = 'running'`,
  `CREATE TABLE replay_items (
     replay_id int8 NOT NULL,
     delivery_id int8 NOT NULL,
     outcome text,
     at timestamptz,
     PRIMARY KEY (replay_id, delivery_id)
   )`,
  `CREATE INDEX replay_items_left ON replay_items (replay_id, delivery_id) WHERE outcome IS NULL`,
  `ALTER TABLE deliveries ADD COLUMN replayed_at timestamptz`,
  `CREATE INDEX deliveries_failed ON deliveries (id) WHERE state IN ('refused', 'parked')`,

  /* Each partner's health; each process writes at most once a second. */
  `CREATE TABLE party_health (
     party text COLLATE "C" PRIMARY KEY,
     success_at timestamptz,
     error_at timestamptz,
     error_reason text,
     error_detail text
   )`,

  `ALTER TABLE audit ADD COLUMN why text`,
  /* Finds messages by the code in them even when no item was applied. */
  `CREATE INDEX messages_invalid ON messages USING gin ((results::jsonb) jsonb_path_ops)
     WHERE outcome IN ('invalid', 'partly-invalid')`,
];
