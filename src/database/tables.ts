// Generated from the migrated database by `npm run tables`. Do not edit.
import type { ColumnType, Generated } from 'kysely';

/** The tables as Kysely sees them. Times come back as instants (pool.ts); int8 as numbers. */
export interface Tables {
  agency_totals: AgencyTotalsTable;
  aliases: AliasesTable;
  asks: AsksTable;
  attempts: AttemptsTable;
  audit: AuditTable;
  audit_anchors: AuditAnchorsTable;
  audit_head: AuditHeadTable;
  body_removal: BodyRemovalTable;
  breakers: BreakersTable;
  catalogue: CatalogueTable;
  catalogue_versions: CatalogueVersionsTable;
  cell_totals: CellTotalsTable;
  change_counter: ChangeCounterTable;
  changes: ChangesTable;
  code_entries: CodeEntriesTable;
  code_ranges: CodeRangesTable;
  corrections: CorrectionsTable;
  counted: CountedTable;
  counted_state: CountedStateTable;
  database_homes: DatabaseHomesTable;
  deliveries: DeliveriesTable;
  dossiers: DossiersTable;
  doubtful_dossiers: DoubtfulDossiersTable;
  dropped_files: DroppedFilesTable;
  ended_sessions: EndedSessionsTable;
  erasures: ErasuresTable;
  events: EventsTable;
  field_totals: FieldTotalsTable;
  file_fetches: FileFetchesTable;
  file_uses: FileUsesTable;
  files: FilesTable;
  flow_totals: FlowTotalsTable;
  heartbeats: HeartbeatsTable;
  held_subjects: HeldSubjectsTable;
  idempotency_keys: IdempotencyKeysTable;
  incident_notes: IncidentNotesTable;
  incidents: IncidentsTable;
  kept_bodies: KeptBodiesTable;
  legal_holds: LegalHoldsTable;
  look_up_tries: LookUpTriesTable;
  mapping_changes: MappingChangesTable;
  messages: MessagesTable;
  ownership: OwnershipTable;
  ownership_rules: OwnershipRulesTable;
  party_file_bytes: PartyFileBytesTable;
  party_files: PartyFilesTable;
  party_health: PartyHealthTable;
  party_states: PartyStatesTable;
  payload_shapes: PayloadShapesTable;
  process_runs: ProcessRunsTable;
  pulls: PullsTable;
  quarantine: QuarantineTable;
  reconciles: ReconcilesTable;
  record_change_counters: RecordChangeCountersTable;
  record_changes: RecordChangesTable;
  record_events: RecordEventsTable;
  records: RecordsTable;
  recounts: RecountsTable;
  rekeying: RekeyingTable;
  replay_items: ReplayItemsTable;
  replays: ReplaysTable;
  resolutions: ResolutionsTable;
  rewording: RewordingTable;
  saved_filters: SavedFiltersTable;
  service_totals: ServiceTotalsTable;
  soap_nonces: SoapNoncesTable;
  total_cells: TotalCellsTable;
  unknown_codes: UnknownCodesTable;
  uploads: UploadsTable;
}

type Instant = string;
type Json = ColumnType<unknown, string, string>;

interface AgencyTotalsTable {
  span: string;
  since: Date;
  agency_code: string;
  channel: string;
  received_766: number | null;
  early_766: number | null;
  on_time_766: number | null;
  late_766: number | null;
  overdue_766: number | null;
  settled_766: number | null;
  received_opencps: number | null;
  early_opencps: number | null;
  on_time_opencps: number | null;
  late_opencps: number | null;
  overdue_opencps: number | null;
  settled_opencps: number | null;
  received_td: number | null;
  early_td: number | null;
  on_time_td: number | null;
  late_td: number | null;
  overdue_td: number | null;
  settled_td: number | null;
  payable_766: number | null;
  paid_online_766: number | null;
  began_lacking_766: number | null;
  done_766: number | null;
  digitised_766: number | null;
  reused_766: number | null;
  paper_766: number | null;
  digital_result_766: number | null;
  ended_lacking_766: number | null;
}

interface AliasesTable {
  party: string;
  code: string;
  dossier: string;
}

interface AsksTable {
  id: string;
  at: Instant;
  party: string;
  question: string;
  key_name: string;
  officer: string;
  agency_code: string;
  purpose: string;
  legal_basis: string;
  dossier_code: string | null;
  service_code: string | null;
  outcome: string | null;
  reason: string | null;
  took_ms: number | null;
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
  words: Json | null;
}

interface AuditTable {
  id: Generated<number>;
  at: Instant;
  actor: string;
  action: string;
  subject: string;
  why: string | null;
  position: Generated<number>;
  link: Generated<Buffer>;
  erased: string | null;
}

interface AuditAnchorsTable {
  day: Date;
  signed: string;
}

interface AuditHeadTable {
  position: number;
  link: Buffer;
}

interface BodyRemovalTable {
  what: string;
  after: string;
  done_at: Instant | null;
}

interface BreakersTable {
  party: string;
  process: string;
  state: string;
  since: Instant;
}

interface CatalogueTable {
  kind: string;
  key: string;
  code: string;
  name: string;
  in_force: boolean;
  field_code: string | null;
  levels: Generated<string[]>;
  audiences: Generated<string[]>;
  agencies: Generated<string[]>;
  search: string;
  record: Json;
  hash: Buffer;
  party: string;
  message_id: string;
  version: Generated<number>;
  changed_at: Instant;
  made_from: number | null;
}

interface CatalogueVersionsTable {
  kind: string;
  key: string;
  version: number;
  code: string;
  in_force: boolean;
  record: Json;
  hash: Buffer;
  party: string;
  message_id: string | null;
  cause: string;
  changed_at: Instant;
}

interface CellTotalsTable {
  agency_code: string;
  span: string;
  since: Date;
  cell: number;
  service_key: string;
  received_766: number | null;
  early_766: number | null;
  on_time_766: number | null;
  late_766: number | null;
  overdue_766: number | null;
  settled_766: number | null;
  received_opencps: number | null;
  early_opencps: number | null;
  on_time_opencps: number | null;
  late_opencps: number | null;
  overdue_opencps: number | null;
  settled_opencps: number | null;
  received_td: number | null;
  early_td: number | null;
  on_time_td: number | null;
  late_td: number | null;
  overdue_td: number | null;
  settled_td: number | null;
}

interface ChangeCounterTable {
  value: number;
}

interface ChangesTable {
  cursor: number;
  code: string;
  status: string;
  status_at: Instant;
  changed_at: Instant;
}

interface CodeEntriesTable {
  id: Generated<number>;
  party: string;
  table_name: string;
  from_code: string;
  to_code: string;
  version: number;
  who: string;
  why: string;
  at: Instant;
  in_force_at: Instant;
  superseded_at: Instant | null;
  taken_out: Generated<boolean>;
}

interface CodeRangesTable {
  agency_code: string;
  began: Date;
  ended: Date;
  prefix: string;
  first: string;
  last: string;
}

interface CorrectionsTable {
  id: Generated<number>;
  change_id: number;
  days: number;
  who: string;
  why: string;
  at: Instant;
  after_id: string;
  before_id: string;
  items: Generated<number>;
  ended_at: Instant | null;
}

interface CountedTable {
  code: string;
  began_766: Instant | null;
  ended_766: Instant | null;
  late_766: Instant | null;
  grade_766: string | null;
  began_opencps: Instant | null;
  ended_opencps: Instant | null;
  late_opencps: Instant | null;
  grade_opencps: string | null;
  began_td: Instant | null;
  ended_td: Instant | null;
  late_td: Instant | null;
  grade_td: string | null;
  cell: number | null;
  changes: Generated<number[]>;
  facts: Generated<number>;
}

interface CountedStateTable {
  cursor: number;
  filled_to: string | null;
  services_at: Instant | null;
  scheduled_at: Instant | null;
  scheduled_since: Instant | null;
  calendar: string | null;
}

interface DatabaseHomesTable {
  id: Generated<number>;
  home: string;
  since: Instant;
  newest_at: Instant | null;
  doubtful_until: Instant | null;
}

interface DeliveriesTable {
  id: Generated<number>;
  party: string;
  operation: string;
  subject: string;
  seq: number;
  message_id: string;
  state: Generated<string>;
  created_at: Instant;
  next_at: Instant;
  attempts: Generated<number>;
  token: Generated<number>;
  leased_by: string | null;
  doubt: Generated<boolean>;
  cause_key: string | null;
  outcome: string | null;
  reason: string | null;
  detail: string | null;
  reference: string | null;
  settled_at: Instant | null;
  replayed_at: Instant | null;
  words: Json | null;
  sender: Generated<string>;
}

interface DossiersTable {
  code: string;
  owner: string;
  version: number;
  made_from: number;
  last_message_id: string;
  last_at: Instant;
  inferred: boolean;
  content_hash: Buffer;
  status: string;
  status_at: Instant;
  service_key: string;
  service_code: string;
  field_code: string | null;
  agency_code: string;
  channel: string | null;
  submitted_at: Instant | null;
  received_at: Instant | null;
  due_at: Instant | null;
  finished_at: Instant | null;
  returned_at: Instant | null;
  refused_at: Instant | null;
  parent_code: string | null;
  search: string;
  masked: string;
  sealed: Buffer;
  sealed_key: number;
  phone_proof: Buffer | null;
  identity_proof: Buffer | null;
  created_at: Instant;
  changed_at: Instant;
  mask_of: Generated<number>;
  former: Buffer | null;
  former_key: number | null;
  rewrites: Generated<number>;
  erasure: number | null;
  erased_at: Instant | null;
  erased_up_to: string | null;
}

interface DoubtfulDossiersTable {
  id: Generated<number>;
  code: string;
  kind: string;
  party: string;
  found_at: Generated<Instant>;
  settled_at: Instant | null;
  settled_by: string | null;
}

interface DroppedFilesTable {
  id: Generated<number>;
  party: string;
  list: string;
  receipt: string;
  at: Instant;
  place: string;
  who: string | null;
  outcome: string;
  counts: Json;
  name: Buffer | null;
  name_key: number | null;
}

interface EndedSessionsTable {
  hash: Buffer;
  expires_at: Instant;
}

interface ErasuresTable {
  id: Generated<number>;
  at: Instant;
  cause: string;
  who: string;
  why: string;
  subjects: number;
}

interface EventsTable {
  code: string;
  seq: number;
  recorded_at: Instant;
  received_at: Instant;
  kind: string;
  at: Instant;
  status: string;
  party: string;
  authoritative: boolean;
  inferred: boolean;
  moved_status: boolean;
  anomaly: string | null;
  hash: Buffer;
  message_id: string;
  item: number;
  record: Buffer;
  record_key: number;
  owner: string | null;
  shared: string | null;
  corrected_by: number | null;
}

interface FieldTotalsTable {
  field_code: string;
  span: string;
  since: Date;
  agency_code: string;
  channel: string;
  service_key: string;
  received_766: number | null;
  early_766: number | null;
  on_time_766: number | null;
  late_766: number | null;
  overdue_766: number | null;
  settled_766: number | null;
  received_opencps: number | null;
  early_opencps: number | null;
  on_time_opencps: number | null;
  late_opencps: number | null;
  overdue_opencps: number | null;
  settled_opencps: number | null;
  received_td: number | null;
  early_td: number | null;
  on_time_td: number | null;
  late_td: number | null;
  overdue_td: number | null;
  settled_td: number | null;
}

interface FileFetchesTable {
  id: Generated<number>;
  party: string;
  code: string;
  address: string;
  url: Buffer;
  url_key: number;
  state: Generated<string>;
  tries: Generated<number>;
  due_at: Instant;
  sha256: string | null;
}

interface FileUsesTable {
  sha256: string;
  party: string;
  code: string;
  at: Instant;
}

interface FilesTable {
  sha256: string;
  bytes: number;
  media_type: string;
  place: string;
  state: string;
  scan: string;
  found: string | null;
  stored_at: Instant;
  secret: Buffer;
  secret_key: number;
}

interface FlowTotalsTable {
  span: string;
  party: string;
  since: Instant;
  direction: string;
  result: string;
  within_ms: number;
  many: number;
}

interface HeartbeatsTable {
  process: number;
  number: number;
  at: Instant;
}

interface HeldSubjectsTable {
  subject: string;
  hold_id: number;
}

interface IdempotencyKeysTable {
  party: string;
  key: string;
  body_hash: Buffer;
  receipt: string;
  created_at: Instant;
}

interface IncidentNotesTable {
  id: Generated<number>;
  incident_id: number;
  at: Instant;
  who: string;
  cause: string | null;
  action: string;
}

interface IncidentsTable {
  id: Generated<number>;
  party: string;
  kind: string;
  cause: string;
  opened_at: Instant;
  closed_at: Instant | null;
  alerted_at: Instant | null;
  words: Json | null;
}

interface KeptBodiesTable {
  message_id: string;
}

interface LegalHoldsTable {
  id: Generated<number>;
  subject: string | null;
  person: Buffer | null;
  person_key: number | null;
  who: string;
  why: string;
  at: Instant;
  lifted_at: Instant | null;
  lifted_by: string | null;
  lifted_why: string | null;
}

interface LookUpTriesTable {
  key: string;
  points: number;
  expire: number | null;
}

interface MappingChangesTable {
  id: Generated<number>;
  party: string;
  table_name: string;
  base_version: number;
  back_to: number | null;
  lines: Json;
  state: string;
  who: string;
  why: string;
  at: Instant;
  effect: Json | null;
  asked_by: string | null;
  asked_at: Instant | null;
  decided_by: string | null;
  decided_why: string | null;
  decided_at: Instant | null;
  version: number | null;
}

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
  emptied_at: Instant | null;
}

interface OwnershipTable {
  since: Instant;
}

interface OwnershipRulesTable {
  since: string;
  rules: Json;
}

interface PartyFileBytesTable {
  party: string;
  bytes: number;
}

interface PartyFilesTable {
  party: string;
  sha256: string;
  bytes: number;
  kept_until: Instant | null;
}

interface PartyHealthTable {
  party: string;
  success_at: Instant | null;
  error_at: Instant | null;
  error_reason: string | null;
  error_detail: string | null;
  error_words: Json | null;
}

interface PartyStatesTable {
  party: string;
  paused_at: Instant | null;
  paused_by: string | null;
  calls: Generated<number>;
  refilled_at: Generated<Instant>;
}

interface PayloadShapesTable {
  party: string;
  operation: string;
  shape: Json;
  updated_at: Instant;
}

interface ProcessRunsTable {
  id: Generated<number>;
  roles: string[];
  started_at: Instant;
  seen_at: Instant;
  ended_at: Instant | null;
}

interface PullsTable {
  party: string;
  name: string;
  next_at: Instant;
  checkpoint: Json | null;
  token: Generated<number>;
  leased_until: Instant | null;
  last_at: Instant | null;
  last_error: string | null;
  error_words: Json | null;
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
  settled_by: string | null;
  cause_table: string | null;
  cause_from: string | null;
  words: Json | null;
}

interface ReconcilesTable {
  party: string;
  next_at: Instant;
  token: Generated<number>;
  leased_until: Instant | null;
  last_at: Instant | null;
  agreed: number | null;
  judged: number | null;
  last_error: string | null;
}

interface RecordChangeCountersTable {
  kind: string;
  value: number;
}

interface RecordChangesTable {
  kind: string;
  cursor: number;
  code: string;
  state: string;
  state_at: Instant;
  changed_at: Instant;
}

interface RecordEventsTable {
  subject: string;
  seq: number;
  recorded_at: Instant;
  received_at: Instant;
  at: Instant;
  state: string;
  party: string;
  reach: string;
  is_held: boolean;
  is_judged: boolean;
  moved_state: boolean;
  hash: Buffer;
  message_id: string;
  item: number;
  record: Buffer;
  record_key: number;
}

interface RecordsTable {
  subject: string;
  kind: string;
  code: string;
  owner: string;
  version: number;
  made_from: number;
  last_message_id: string;
  content_hash: Buffer;
  state: string;
  state_at: Instant;
  is_held: boolean;
  is_public: boolean;
  is_open: boolean;
  agency_code: string | null;
  field_code: string | null;
  dossier_code: string | null;
  unique_key: string | null;
  due_at: Instant | null;
  search: string;
  masked: string;
  sealed: Buffer;
  sealed_key: number;
  phone_proof: Buffer | null;
  created_at: Instant;
  changed_at: Instant;
  mask_of: Generated<number>;
  began_at: Instant | null;
  ended_at: Instant | null;
  mark: string | null;
  rewrites: Generated<number>;
  erasure: number | null;
  erased_at: Instant | null;
  erased_up_to: string | null;
  masked_version: Generated<number>;
}

interface RecountsTable {
  id: Generated<number>;
  code: string;
}

interface RekeyingTable {
  table_name: string;
  after: string[] | null;
  looked: Generated<number>;
  unopened: Generated<number>;
  ended_at: Instant | null;
}

interface ReplayItemsTable {
  replay_id: number;
  delivery_id: number;
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

interface ResolutionsTable {
  id: Generated<number>;
  cause_key: string;
  parties: string[];
  action: string;
  who: string;
  why: string;
  at: Instant;
  until: Instant;
  after_message: string | null;
  after_item: number | null;
  freed: Generated<number>;
  finished_at: Instant | null;
}

interface RewordingTable {
  after: string;
}

interface SavedFiltersTable {
  key_id: string;
  list: string;
  name: string;
  query: string;
  saved_at: Instant;
}

interface ServiceTotalsTable {
  span: string;
  since: Date;
  service_key: string;
  field_code: string;
  received_766: number | null;
  early_766: number | null;
  on_time_766: number | null;
  late_766: number | null;
  overdue_766: number | null;
  settled_766: number | null;
  received_opencps: number | null;
  early_opencps: number | null;
  on_time_opencps: number | null;
  late_opencps: number | null;
  overdue_opencps: number | null;
  settled_opencps: number | null;
  received_td: number | null;
  early_td: number | null;
  on_time_td: number | null;
  late_td: number | null;
  overdue_td: number | null;
  settled_td: number | null;
  online_766: number | null;
  online_opencps: number | null;
  online_td: number | null;
}

interface SoapNoncesTable {
  key_name: string;
  hash: Buffer;
  expires_at: Instant;
}

interface TotalCellsTable {
  id: Generated<number>;
  agency_code: string;
  field_code: string;
  service_key: string;
  channel: string;
}

interface UnknownCodesTable {
  kind: string;
  code: string;
  party: string;
  first_at: Instant;
  last_at: Instant;
}

interface UploadsTable {
  id: Generated<number>;
  party: string;
  receipt: string;
  list: string;
  place: string;
  who: string;
  file: Buffer;
  file_key: number;
  stored: Generated<number>;
  token: Generated<number>;
  leased_until: Instant;
}
