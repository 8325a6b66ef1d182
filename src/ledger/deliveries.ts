import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { NOTHING_NEW } from '#core/dossier/settle';
import { type Kind, subjectOf } from '#core/records/kind';
import { definePart, insertInto } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Sealed } from '../secrets/vault.ts';
import { doorKindOf } from './messages.ts';

/** A delivery of one version of a record to a party. */
export interface DeliveryRow {
  readonly party: string;
  readonly operation: string;
  /** The dossier's code, or the catalogue entry's. */
  readonly subject: string;
  /** The event of the subject that is delivered. */
  readonly seq: number;
  readonly messageId: string;
  readonly createdAt: string;
  /** Whose message caused it. The senders of due deliveries take turns. */
  readonly sender: string;
}

const columns = {
  party: ['text', (r: DeliveryRow) => r.party],
  sender: ['text', (r: DeliveryRow) => r.sender],
  operation: ['text', (r: DeliveryRow) => r.operation],
  subject: ['text', (r: DeliveryRow) => r.subject],
  seq: ['int4', (r: DeliveryRow) => r.seq],
  message_id: ['uuid', (r: DeliveryRow) => r.messageId],
  created_at: ['timestamptz', (r: DeliveryRow) => r.createdAt],
  next_at: ['timestamptz', (r: DeliveryRow) => r.createdAt],
} as const;

export const deliveryPart = definePart<DeliveryRow>(
  'delivery',
  columns,
  insertInto('deliveries', Object.keys(columns)),
);

/** Adds deliveries within a transaction. */
export async function addDeliveries(tx: pg.PoolClient, rows: readonly DeliveryRow[]): Promise<void> {
  await tx.query({
    name: 'add deliveries',
    text: `INSERT INTO deliveries (party, sender, operation, subject, seq, message_id, created_at, next_at)
           SELECT party, sender, operation, subject, seq, "messageId", "createdAt", "createdAt"
           FROM json_to_recordset($1::json) AS given(party text, sender text, operation text, subject text, seq int,
             "messageId" uuid, "createdAt" timestamptz)`,
    values: [JSON.stringify(rows)],
  });
}

/**
 * SQL of the senders of a party's due deliveries, as the first part of a WITH, named `senders`. Takes one index probe for
 * each sender.
 */
export function sendersOfDue(party: string): string {
  const next = (more: string): string =>
    `SELECT d.sender FROM deliveries d WHERE d.party = ${party} AND d.state = 'due'${more} ORDER BY d.sender LIMIT 1`;
  return `WITH RECURSIVE senders AS (
    (${next('')})
    UNION ALL
    SELECT n.sender FROM senders s CROSS JOIN LATERAL (${next(' AND d.sender > s.sender')}) n)`;
}

/** The parties, among these, with a delivery that is due now. One index probe for each sender. */
export async function partiesWithWork(
  database: Database,
  parties: readonly string[],
  nowMs: number,
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ party: string }>({
    name: 'parties with work',
    text: `SELECT party FROM unnest($1::text[]) AS p(party) WHERE EXISTS (
             ${sendersOfDue('p.party')}
             SELECT 1 FROM senders s CROSS JOIN LATERAL (
               SELECT 1 FROM deliveries d
               WHERE d.party = p.party AND d.state = 'due' AND d.sender = s.sender AND d.next_at <= $2::timestamptz
               ORDER BY d.next_at LIMIT 1) due)`,
    values: [parties, msToInstant(nowMs)],
  });
  return rows.map((row) => row.party);
}

/**
 * Makes deliveries of a party due that wait for a moment of a clock that was set back: leases longer than any, deliveries from
 * the future, and retries later than any. Reads what waits for more than a minute. An expired lease leaves its doubt.
 *
 * @param longestMs the longest delay between two attempts
 */
export async function makeDueAfterSetBack(
  { pool }: Pick<Database, 'pool'>,
  party: string,
  longestMs: number,
  nowMs: number,
): Promise<void> {
  await pool.query({
    name: 'due after set back',
    text: `${sendersOfDue('$1')}
           UPDATE deliveries d SET next_at = $2::timestamptz FROM senders s
           WHERE d.party = $1 AND d.state = 'due' AND d.sender = s.sender AND d.next_at > $3::timestamptz
             AND (d.leased_by IS NOT NULL OR d.created_at > $3::timestamptz OR d.next_at > $4::timestamptz)`,
    values: [party, msToInstant(nowMs), msToInstant(nowMs + SLACK_MS), msToInstant(nowMs + longestMs)],
  });
}

const SLACK_MS = 60_000;

/**
 * SQL: the party received `d`, now or in an attempt before a replay. A delivery of which nothing was sent is delivered too, and
 * its party has nothing of it.
 */
const wasReceived = (d: string): string =>
  `(${d}.state = 'delivered' AND ${d}.reason IS DISTINCT FROM '${NOTHING_NEW}'
    OR ${d}.replayed_at IS NOT NULL AND EXISTS (SELECT 1 FROM attempts a
      WHERE a.delivery_id = ${d}.id AND a.outcome = 'delivered' AND a.reason IS DISTINCT FROM '${NOTHING_NEW}'))`;

/** SQL: the party received `d`, and no replay of it is under way or has failed. */
export const isReceived = (d: string): string => `${d}.state = 'delivered' AND ${wasReceived(d)}`;

/** The dossiers or records, among these, that a party has received before. A step is not its dossier. */
export async function loadKnownSubjects(
  database: Database,
  party: string,
  subjects: readonly string[],
): Promise<ReadonlySet<string>> {
  if (subjects.length === 0) return new Set();
  const { rows } = await database.pool.query<{ subject: string }>({
    name: 'known to',
    // One probe per dossier (see `claim`). A plan made in quiet times would read all deliveries of the party each time.
    text: `SELECT subject FROM unnest($2::text[]) AS asked(subject)
           WHERE (SELECT d.id FROM deliveries d
             WHERE d.party = $1 AND d.subject = asked.subject AND ${isReceived('d')}
               AND d.operation LIKE '%.upsert.v1' LIMIT 1) IS NOT NULL`,
    values: [party, subjects],
  });
  return new Set(rows.map((row) => row.subject));
}

/** Other deliveries of the same dossier that the party received. */
export interface OtherDeliveries {
  /** The dossier's record from the same event. */
  readonly itself: boolean;
  /** A later delivery. */
  readonly later: boolean;
}

/** For each delivery, the other deliveries of the dossier that its party received. */
export async function loadOtherDeliveries(
  database: Database,
  deliveries: readonly number[],
): Promise<ReadonlyMap<number, OtherDeliveries>> {
  const { rows } = await database.pool.query<OtherDeliveries & { id: number }>({
    name: 'other deliveries',
    // One probe each: see `known to`. Deliveries of one dossier to one party are numbered in the order of its events.
    text: `SELECT given.id,
             (SELECT d.id FROM deliveries d
               WHERE d.party = given.party AND d.subject = given.subject AND d.id < given.id AND ${wasReceived('d')}
                 AND d.seq = given.seq AND d.operation LIKE '%.upsert.v1' LIMIT 1) IS NOT NULL AS itself,
             (SELECT d.id FROM deliveries d
               WHERE d.party = given.party AND d.subject = given.subject AND d.id > given.id AND ${wasReceived('d')}
               LIMIT 1) IS NOT NULL AS later
           FROM deliveries given WHERE given.id = ANY($1::int8[])`,
    values: [deliveries],
  });
  return new Map(rows.map(({ id, itself, later }) => [id, { itself, later }]));
}

/**
 * The deliveries, among these, whose party has received a newer version of the dossier. The value is that version's
 * event.
 */
export async function loadNewerDeliveries(
  database: Database,
  deliveries: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (deliveries.length === 0) return new Map();
  const { rows } = await database.pool.query<{ id: number; seq: number | null }>({
    name: 'newer deliveries',
    // One probe each: see `known to`.
    text: `SELECT given.id, (SELECT max(d.seq) FROM deliveries d
             WHERE d.party = given.party AND d.subject = given.subject AND d.seq > given.seq AND ${wasReceived('d')}) AS seq
           FROM deliveries given WHERE given.id = ANY($1::int8[])`,
    values: [deliveries],
  });
  return new Map(rows.flatMap(({ id, seq }) => (seq === null ? [] : [[id, seq] as const])));
}

/**
 * The dossiers, among these, that a party has received and whose status comes from the party's own callback, if that is
 * its latest report for that moment.
 *
 * @returns the events of those callbacks
 */
export async function loadCalledBack(
  database: Database,
  party: string,
  codes: readonly string[],
): Promise<ReadonlyMap<string, Sealed>> {
  if (codes.length === 0) return new Map();
  const { rows } = await database.pool.query<{ code: string; record: Buffer; record_key: number }>({
    name: 'called back',
    // One probe each: see `known to`.
    text: `SELECT d.code, e.record, e.record_key FROM unnest($2::text[]) AS asked(code)
           JOIN dossiers d ON d.code = asked.code
           CROSS JOIN LATERAL (
             SELECT record, record_key, message_id FROM events
             WHERE code = d.code AND recorded_at >= d.created_at AND party = $1 AND kind = 'progress'
               AND status = d.status AND at = d.status_at
             ORDER BY seq DESC LIMIT 1) e
           WHERE d.erasure IS NULL
             AND EXISTS (SELECT 1 FROM messages m WHERE m.id = e.message_id AND ${doorKindOf('m.door')} = 'callback')
             AND (SELECT t.id FROM deliveries t
               WHERE t.party = $1 AND t.subject = d.code AND ${isReceived('t')}
                 AND t.operation = 'dossier.upsert.v1' LIMIT 1) IS NOT NULL`,
    values: [party, codes],
  });
  return new Map(rows.map(({ code, record, record_key: keyId }) => [code, { keyId, bytes: record }]));
}

/** Unfinished dossiers that a party has received, in code order after `after`. */
export async function listOutstanding(
  database: Database,
  party: string,
  limit: number,
  after: string | undefined,
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ subject: string }>({
    name: 'outstanding',
    text: `SELECT DISTINCT d.subject FROM deliveries d JOIN dossiers ON dossiers.code = d.subject
           WHERE d.party = $1 AND ${isReceived('d')} AND d.operation = 'dossier.upsert.v1' AND d.subject > $2
             AND dossiers.status IN ('submitted', 'received', 'processing', 'supplement-required', 'payment-required')
           ORDER BY d.subject LIMIT $3`,
    values: [party, after ?? '', limit],
  });
  return rows.map((row) => row.subject);
}

/** Subjects of a kind's records in these states that a party has received, in code order after the code `after`. */
export async function listReceivedRecords(
  database: Database,
  party: string,
  kind: Pick<Kind, 'name' | 'operation'>,
  { states, since }: { readonly states: readonly string[]; readonly since: string },
  limit: number,
  after: string | undefined,
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ subject: string }>({
    name: 'received records',
    text: `SELECT r.subject FROM records r
           WHERE r.kind = $1 AND r.erasure IS NULL AND r.state = ANY($2::text[]) AND r.state_at >= $3::timestamptz AND r.subject > $4
             AND EXISTS (SELECT 1 FROM deliveries d WHERE d.party = $5 AND d.subject = r.subject AND ${isReceived('d')})
           ORDER BY r.subject LIMIT $6`,
    values: [kind.name, states, since, subjectOf(kind, after ?? ''), party, limit],
  });
  return rows.map((row) => row.subject);
}
