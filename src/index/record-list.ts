import { sql } from 'kysely';
import type { Person } from '#core/masking/mentions';
import { type Kind, subjectOf } from '#core/records/kind';
import { peopleIn } from '#core/records/mask-record';
import { keyedSearchQuery, ofText } from '#core/vietnamese/search-words';
import { atOrBelow } from '../database/at-or-below.ts';
import { type Bounded, readBounded } from '../database/bounded.ts';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import { isPastDue } from '../database/past-due.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { namesDossier } from './dossier-names.ts';
import { wholeJson } from './list.ts';
import { type MaskedRecordRow, recordsMaskedByRule } from './mask-records.ts';
import { newestRecordChange, type RecordChange, readRecordChanges } from './record-changes.ts';
import { loadRecordEvents } from './record-events.ts';
import {
  countQueue,
  listQueue,
  type QueuedRecord,
  type QueueFilter,
  type QueuePlace,
  queuedRecord,
} from './record-queue.ts';
import {
  countTroubled,
  listTroubled,
  type TroubledFilter,
  type TroubledPlace,
  type TroubledRecord,
} from './troubled-records.ts';

/** A record ready to be served: its JSON with `freshness`. */
export interface ServedRecord {
  readonly code: string;
  readonly owner: string;
  readonly stateAt: string;
  readonly json: string;
}

export interface RecordFilter {
  readonly state?: readonly string[] | undefined;
  /** With the agencies below it. */
  readonly agency?: string | undefined;
  readonly field?: string | undefined;
  /** A dossier, by any of its codes. A record may name it by another one. */
  readonly dossier?: string | undefined;
  /** The owner. */
  readonly party?: string | undefined;
  readonly q?: string | undefined;
  /** Past due at this moment and not finished. */
  readonly overdueAt?: string | undefined;
  /** Only what anybody may read; then `q` finds no names of people. */
  readonly isPublic?: true | undefined;
}

/** Where the next page begins: newest state first, or in the order of codes. */
export interface RecordPlace {
  readonly stateAt: string;
  readonly code: string;
}

/** One thing that a party said of a record, without what it said. */
export interface RecordHistoryItem {
  readonly at: string;
  readonly state: string;
  readonly party: string;
  readonly messageId: string;
  readonly receivedAt: string;
  readonly movedState: boolean;
}

/** A public record and how a citizen proves to be its person. */
export interface ProvableRecord {
  readonly masked: string;
  proves(digits: string): boolean;
}

export interface PeopleOfRecord {
  readonly people: readonly Person[];
  readonly dossierCodes: readonly string[];
}

/** Reads the records of all kinds. */
export interface RecordReader {
  /** Personal data in full if `personal`. */
  one(kind: Kind, code: string, personal: boolean): Promise<ServedRecord | undefined>;
  /** Whom its reports name, and the dossiers that they name. The caller must not show them. */
  people(kind: Kind, code: string): Promise<PeopleOfRecord>;
  list(
    kind: Kind,
    filter: RecordFilter,
    limit: number,
    after: RecordPlace | undefined,
    personal: boolean,
  ): Promise<Bounded<ServedRecord>>;
  /** In the order of codes, so that nothing is missed whatever changes meanwhile. */
  inCodeOrder(
    kind: Kind,
    filter: RecordFilter,
    limit: number,
    after: string,
    personal: boolean,
  ): Promise<Bounded<ServedRecord>>;
  count(kind: Kind, filter: RecordFilter): Promise<number>;
  /** The same, for a list that readers wait for. */
  countSome(kind: Kind, filter: RecordFilter): Promise<Total>;
  /** In the order of event time; after the item at the place `after`. */
  history(kind: Kind, code: string, limit: number, after: HistoryPlace | undefined): Promise<readonly PlacedItem[]>;
  countHistory(kind: Kind, code: string): Promise<Total>;
  /** The messages of these parties that changed it, the newest event first. */
  newestMessages(kind: Kind, code: string, parties: readonly string[], limit: number): Promise<readonly string[]>;
  changes(kind: Kind, after: number, limit: number): Promise<readonly RecordChange[]>;
  newestChange(kind: Kind): Promise<number>;
  /** The records that wait for officers, the earliest deadline first. */
  queue(filter: QueueFilter, limit: number, after: QueuePlace | undefined): Promise<readonly QueuedRecord[]>;
  countQueue(filter: QueueFilter): Promise<Total>;
  queued(kind: Kind, code: string): Promise<QueuedRecord | undefined>;
  /** The records that operators look at, the oldest state first. */
  troubled(filter: TroubledFilter, limit: number, after: TroubledPlace | undefined): Promise<readonly TroubledRecord[]>;
  countTroubled(filter: TroubledFilter): Promise<Total>;
  provable(kind: Kind, code: string): Promise<ProvableRecord | undefined>;
}

export interface HistoryPlace {
  readonly at: string;
  readonly seq: number;
}

export type PlacedItem = RecordHistoryItem & { readonly seq: number };

export function createRecordReader(database: Database, vault: Vault): RecordReader {
  const { pool } = database;
  return {
    async one(kind, code, personal) {
      const { rows } = await pool.query<Row>({
        name: 'one record',
        text: `SELECT code, owner, state_at, masked, sealed, sealed_key, masked_version <> version AS is_stale
               FROM records WHERE subject = $1`,
        values: [subjectOf(kind, code)],
      });
      const [found] = await served(database, vault, kind, rows, personal);
      return found;
    },
    people: (kind, code) => readPeople(database, vault, kind, code),
    list: (kind, filter, limit, after, personal) => {
      const filters = byIndex(kind, filter);
      return readPage({ database, vault, kind, filters, limit, personal }, isAfter(after), sql`state_at DESC, code`);
    },
    inCodeOrder: (kind, filter, limit, after, personal) =>
      readPage(
        { database, vault, kind, filters: [filter], limit, personal },
        isAfterSubject(kind, subjectOf(kind, after)),
        sql`subject`,
      ),
    async count(kind, filter) {
      const { rows } = await sql<{ n: number }>`
        SELECT count(*) AS n FROM records WHERE ${filtered(vault, kind, filter)}`.execute(database.query);
      return rows[0]?.n ?? 0;
    },
    countSome: (kind, filter) => countUpTo(database, sql`SELECT FROM records WHERE ${filtered(vault, kind, filter)}`),
    history: (kind, code, limit, after) => readHistory(database, subjectOf(kind, code), limit, after),
    newestMessages: (kind, code, parties, limit) => readMessages(database, subjectOf(kind, code), parties, limit),
    countHistory: (kind, code) =>
      countUpTo(database, sql`SELECT FROM record_events WHERE subject = ${subjectOf(kind, code)}`),
    changes: (kind, after, limit) => readRecordChanges(database, kind.name, after, limit),
    newestChange: (kind) => newestRecordChange(database, kind.name),
    queue: (filter, limit, after) => listQueue(database, filter, limit, after),
    countQueue: (filter) => countQueue(database, filter),
    queued: (kind, code) => queuedRecord(database, subjectOf(kind, code)),
    troubled: (filter, limit, after) => listTroubled(database, filter, limit, after),
    countTroubled: (filter) => countTroubled(database, filter),
    async provable(kind, code) {
      const subject = subjectOf(kind, code);
      const { rows } = await pool.query<MaskedRecordRow & { phone_proof: Buffer | null }>({
        name: 'provable record',
        text: `SELECT code, masked, sealed, sealed_key, masked_version <> version AS is_stale, phone_proof
               FROM records WHERE subject = $1`,
        values: [subject],
      });
      const [row] = await recordsMaskedByRule(database, vault, kind, rows);
      if (!row) return undefined;
      const { masked, phone_proof: proof } = row;
      return {
        masked,
        proves: (digits) => proof !== null && vault.proves(subject, digits, proof),
      };
    },
  };
}

async function readPeople({ pool }: Database, vault: Vault, kind: Kind, code: string): Promise<PeopleOfRecord> {
  const subject = subjectOf(kind, code);
  const events = (await loadRecordEvents(pool, vault, [subject])).get(subject) ?? [];
  const reports = events.map(({ record }) => record);
  return {
    people: reports.flatMap((report) => peopleIn(kind, report)),
    dossierCodes: reports.flatMap(({ dossierCode }) => dossierCode ?? []),
  };
}

/** The subjects of a kind's records that match a filter, in their order. */
export async function recordSubjectsInOrder(
  { query }: Database,
  vault: Vault,
  kind: Kind,
  filter: RecordFilter,
  limit: number,
  after: string,
): Promise<readonly string[]> {
  const { rows } = await sql<{ subject: string }>`
    SELECT subject FROM records WHERE ${filtered(vault, kind, filter)} AND ${isAfterSubject(kind, after)}
    ORDER BY subject LIMIT ${limit}`.execute(query);
  return rows.map(({ subject }) => subject);
}

/** SQL: whether a record comes after the place, in a form that the index records_newest can begin with. */
function isAfter(place: RecordPlace | undefined): Sql {
  if (!place) return sql`true`;
  const { stateAt, code } = place;
  return sql`state_at <= ${stateAt}::timestamptz AND (state_at < ${stateAt}::timestamptz OR code > ${code})`;
}

/** SQL: whether a record comes after a subject. The primary key finds those of the kind alone, which lie side by side in it. */
function isAfterSubject({ name }: Kind, subject: string): Sql {
  const before = `${name} `;
  return sql`subject > ${subject > before ? subject : before} AND subject < ${`${name}!`}`;
}

interface Row extends MaskedRecordRow {
  readonly code: string;
  readonly owner: string;
  readonly state_at: string;
}

async function served(
  database: Database,
  vault: Vault,
  kind: Kind,
  rows: readonly Row[],
  personal: boolean,
): Promise<readonly ServedRecord[]> {
  const shown = personal ? rows : await recordsMaskedByRule(database, vault, kind, rows);
  return shown.map((row) => {
    const { code, owner, state_at: stateAt, masked } = row;
    return { code, owner, stateAt, json: personal ? wholeJson(vault, row) : masked };
  });
}

interface Page {
  readonly database: Database;
  readonly vault: Vault;
  readonly kind: Kind;
  /** No record passes two of them. */
  readonly filters: readonly RecordFilter[];
  readonly limit: number;
  readonly personal: boolean;
}

type Sql = ReturnType<typeof sql>;

async function readPage(page: Page, place: Sql, order: Sql): Promise<Bounded<ServedRecord>> {
  const { database, vault, kind, filters, limit, personal } = page;
  const ofEach = filters.map(
    (filter) => sql`(
      SELECT subject, code, owner, state_at, masked, sealed, sealed_key, masked_version <> version AS is_stale, octet_length(masked) + octet_length(sealed) AS bytes
      FROM records WHERE ${filtered(vault, kind, filter)} AND ${place} ORDER BY ${order} LIMIT ${limit})`,
  );
  const rows = await readBounded<Row>(
    database,
    sql`(SELECT * FROM (${sql.join(ofEach, sql` UNION ALL `)}) AS of_each ORDER BY ${order} LIMIT ${limit})`,
    order,
    sql`code, owner, state_at, masked, sealed, sealed_key, is_stale`,
  );
  return Object.assign(await served(database, vault, kind, rows, personal), { isCut: rows.isCut === true });
}

/** Each final state apart: records_final has the records of one state in the order of a list. Words have an index of their own. */
function byIndex({ finalStates }: Kind, filter: RecordFilter): readonly RecordFilter[] {
  const { state = [], q } = filter;
  const finals = [...new Set(state)].filter((one) => finalStates.includes(one));
  if (finals.length === 0 || q !== undefined) return [filter];
  const others = state.filter((one) => !finalStates.includes(one));
  return [...finals.map((one) => [one]), ...(others.length > 0 ? [others] : [])].map((some) => ({
    ...filter,
    state: some,
  }));
}

function filtered(vault: Vault, kind: Kind, filter: RecordFilter): Sql {
  const { state, agency, field, dossier, party, q, overdueAt, isPublic } = filter;
  const conditions = [sql`kind = ${kind.name}`];
  if (state?.length === 1) conditions.push(sql`state = ${state[0]}`);
  else if (state) conditions.push(sql`state = ANY(${state}::text[])`);
  // The words of the partial indexes records_due and records_final. Most records are finished.
  if (state?.every((one) => !kind.finalStates.includes(one))) conditions.push(sql`is_open`);
  if (state?.every((one) => kind.finalStates.includes(one))) conditions.push(sql`NOT is_open`);
  if (agency !== undefined) conditions.push(atOrBelow(agency));
  if (field !== undefined) conditions.push(sql`field_code = ${field}`);
  if (dossier !== undefined) conditions.push(namesDossier([dossier]));
  if (party !== undefined) conditions.push(sql`owner = ${party}`);
  if (overdueAt !== undefined) conditions.push(sql`is_open AND ${isPastDue(overdueAt)}`);
  if (isPublic) conditions.push(sql`is_public`);
  if (q !== undefined) conditions.push(sql`search @@ ${searchOf(vault, q, isPublic === true)}::tsquery`);
  return sql.join(conditions, sql` AND `);
}

function searchOf({ wordTokens }: Vault, q: string, isPublic: boolean): string {
  return keyedSearchQuery(q, (word) =>
    isPublic ? wordTokens(ofText(word)) : [...wordTokens(word), ...wordTokens(ofText(word))],
  );
}

async function readMessages(
  { pool }: Database,
  subject: string,
  parties: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'messages of record',
    text: `SELECT message_id AS id FROM record_events WHERE subject = $1 AND party = ANY($2::text[])
           GROUP BY message_id ORDER BY max(at) DESC, max(seq) DESC LIMIT $3`,
    values: [subject, parties, limit],
  });
  return rows.map(({ id }) => id);
}

async function readHistory(
  { pool }: Database,
  subject: string,
  limit: number,
  after: HistoryPlace | undefined,
): Promise<readonly PlacedItem[]> {
  const { rows } = await pool.query<PlacedItem>({
    name: 'record history',
    text: `SELECT at, seq, state, party, message_id AS "messageId", received_at AS "receivedAt", moved_state AS "movedState"
           FROM record_events
           WHERE subject = $1 AND ($2::timestamptz IS NULL OR (at, seq) > ($2::timestamptz, $3::int4))
           ORDER BY at, seq LIMIT $4`,
    values: [subject, after?.at, after?.seq, limit],
  });
  return rows;
}
