import type { ColumnType, Generated } from 'kysely';

/** The tables as Kysely sees them. Times come back as instants (pool.ts); int8 as numbers. */
export interface Tables {
  messages: MessagesTable;
  dossiers: DossiersTable;
  aliases: AliasesTable;
  events: EventsTable;
  changes: ChangesTable;
  deliveries: DeliveriesTable;
  attempts: AttemptsTable;
  quarantine: QuarantineTable;
  unknown_codes: UnknownCodesTable;
  catalogue: CatalogueTable;
  catalogue_versions: CatalogueVersionsTable;
  pulls: PullsTable;
  replays: ReplaysTable;
  replay_items: ReplayItemsTable;
  audit: AuditTable;
}

type Instant = string;
type Json = ColumnType<unknown, string, string>;

interface MessagesTable {
  id: string;
  receipt: string;
  received_at: Instant;
  party: string | null;
  door: string;
  operation: string | null;
  key_name: string | null;
  media_type: string | null;
  body_bytes: number;
  body_hash: Buffer | null;
  body: Buffer | null;
  body_key: number | null;
  outcome: string;
  results: Json;
}

interface DossiersTable {
  code: string;
  owner: string;
  version: number;
  last_message_id: string;
  last_at: Instant;
  status: string;
  status_at: Instant;
  service_key: string;
  service_code: string;
  field_code: string | null;
  agency_code: string;
  channel: string | null;
  received_at: Instant | null;
  due_at: Instant | null;
  search: string;
  masked: string;
  mask_of: number;
  sealed: Buffer;
  sealed_key: number;
  created_at: Instant;
  changed_at: Instant;
}

interface AliasesTable {
  party: string;
  code: string;
  dossier: string;
}

interface EventsTable {
  code: string;
  seq: number;
  recorded_at: Instant;
  kind: string;
  at: Instant;
  status: string;
  party: string;
  moved_status: boolean;
  anomaly: string | null;
  message_id: string;
  item: number;
  record: Buffer;
  record_key: number;
}

interface ChangesTable {
  cursor: number;
  code: string;
  status: string;
  status_at: Instant;
  changed_at: Instant;
}

interface DeliveriesTable {
  id: Generated<number>;
  party: string;
  operation: string;
  subject: string;
  seq: number;
  message_id: string;
  state: string;
  created_at: Instant;
  next_at: Instant;
  attempts: number;
  leased_by: string | null;
  replayed_at: Instant | null;
  token: number;
  doubt: boolean;
  cause_key: string | null;
  outcome: string | null;
  reason: string | null;
  detail: string | null;
  reference: string | null;
  settled_at: Instant | null;
}

interface AttemptsTable {
  delivery_id: number;
  number: number;
  at: Instant;
  took_ms: number;
  outcome: string;
  reason: string | null;
  detail: string | null;
  wire: Buffer | null;
  wire_key: number | null;
}

interface QuarantineTable {
  id: Generated<number>;
  cause_kind: string;
  cause_key: string;
  detail: string;
  party: string;
  operation: string;
  code: string | null;
  message_id: string;
  item: number | null;
  delivery_id: number | null;
  opened_at: Instant;
  settled_at: Instant | null;
  settlement: string | null;
}

interface UnknownCodesTable {
  kind: string;
  code: string;
  party: string;
  first_at: Instant;
  last_at: Instant;
}

interface CatalogueTable {
  kind: string;
  key: string;
  code: string;
  name: string;
  in_force: boolean;
  field_code: string | null;
  levels: string[];
  audiences: string[];
  agencies: string[];
  search: string;
  record: Json;
  party: string;
  version: number;
  changed_at: Instant;
}

interface CatalogueVersionsTable {
  kind: string;
  key: string;
  version: number;
  code: string;
  in_force: boolean;
  record: Json;
  party: string;
  message_id: string | null;
  cause: string;
  changed_at: Instant;
}

interface PullsTable {
  party: string;
  name: string;
  next_at: Instant;
  checkpoint: Json;
  token: number;
  leased_until: Instant | null;
  last_at: Instant | null;
  last_error: string | null;
}

interface ReplaysTable {
  id: Generated<number>;
  who: string;
  why: string;
  at: Instant;
  filter: Json;
  per_second: number;
  state: Generated<string>;
  next_at: Instant;
  ended_at: Instant | null;
  stopped_by: string | null;
  total: Generated<number>;
  outcomes: Generated<Json>;
  after_code: Generated<string>;
}

interface ReplayItemsTable {
  replay_id: number;
  delivery_id: number;
}

interface AuditTable {
  id: Generated<number>;
  at: Instant;
  actor: string;
  action: string;
  subject: string;
  why: string | null;
  /** Assigned by the table itself; see ledger/audit-chain.ts. */
  position: Generated<number>;
  link: Generated<Buffer>;
}
