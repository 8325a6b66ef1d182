import { type Kysely, sql } from 'kysely';

/** What operators order: entries of code tables, resolutions of what waits, replays; and how each partner fares. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  /* Never changed but for superseded_at: what was read by an entry can be read so again. */
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

  /* A person's word on a cause, carried out piece by piece by whoever has its row locked; \`after_…\` is how far. */
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

  /* A run is owned by whoever has its row locked; \`next_at\` keeps it to its rate. */
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

  /* How a partner fares; each process tells at most once a second. */
  `CREATE TABLE party_health (
     party text COLLATE "C" PRIMARY KEY,
     success_at timestamptz,
     error_at timestamptz,
     error_reason text,
     error_detail text
   )`,

  `ALTER TABLE audit ADD COLUMN why text`,
  /* Found by the code in them, though nothing came of them. */
  `CREATE INDEX messages_invalid ON messages USING gin ((results::jsonb) jsonb_path_ops)
     WHERE outcome IN ('invalid', 'partly-invalid')`,
];
