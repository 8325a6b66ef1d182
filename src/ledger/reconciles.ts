import { msToInstant } from '#core/dates/dates';
import { storable } from '#core/vietnamese/text';
import type { Operation } from '#schemas/operations';
import { isErased } from '../database/erased.ts';
import type { Database } from '../database/pool.ts';
import { isReceived } from './deliveries.ts';

/** A comparison that does not happen by itself. */
const NEVER = 'infinity';

/**
 * Registers which parties are compared, and when next. Replaces earlier schedules, unless a comparison is due already.
 * Other parties are not compared until they are registered again.
 */
export async function registerReconciles(
  database: Database,
  parties: readonly { readonly party: string; readonly firstMs: number | undefined }[],
  nowMs: number,
): Promise<void> {
  await database.pool.query(
    `WITH asked AS (SELECT * FROM unnest($1::text[], $2::timestamptz[]) AS given(party, next_at)),
     others AS (UPDATE reconciles SET next_at = 'infinity' WHERE party NOT IN (SELECT party FROM asked))
     INSERT INTO reconciles (party, next_at) SELECT party, next_at FROM asked
     ON CONFLICT (party) DO UPDATE SET next_at = excluded.next_at WHERE reconciles.next_at > $3::timestamptz`,
    [parties.map(({ party }) => party), parties.map(({ firstMs }) => instantOrNever(firstMs)), msToInstant(nowMs)],
  );
}

/** No lease lasts for hours: a longer one is left over from a clock that was set back. */
const isFree = (now: string): string =>
  `(leased_until IS NULL OR leased_until NOT BETWEEN ${now}::timestamptz AND ${now}::timestamptz + interval '2 hours')`;

export async function dueReconciles(database: Database, nowMs: number): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ party: string }>({
    name: 'due reconciles',
    text: `SELECT party FROM reconciles
           WHERE next_at <= $1::timestamptz AND ${isFree('$1')}`,
    values: [msToInstant(nowMs)],
  });
  return rows.map((row) => row.party);
}

/** Leases a party's comparison if it is due. Undefined if another process has it. */
export async function claimReconcile(
  database: Database,
  party: string,
  nowMs: number,
  leaseMs: number,
): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ token: number }>({
    name: 'claim reconcile',
    text: `UPDATE reconciles SET token = token + 1, leased_until = $3::timestamptz
           WHERE party = $1 AND next_at <= $2::timestamptz AND ${isFree('$2')}
           RETURNING token`,
    values: [party, msToInstant(nowMs), msToInstant(nowMs + leaseMs)],
  });
  return rows[0]?.token;
}

/** Extends a lease that this process still holds. */
export async function extendReconcile(
  database: Database,
  party: string,
  token: number,
  untilMs: number,
): Promise<void> {
  await database.pool.query({
    name: 'extend reconcile',
    text: `UPDATE reconciles SET leased_until = $3::timestamptz
           WHERE party = $1 AND token = $2 AND leased_until IS NOT NULL`,
    values: [party, token, msToInstant(untilMs)],
  });
}

/** Ends the lease of a party's comparison until its next time, if it has one. */
export async function finishReconcile(
  database: Database,
  party: string,
  token: number,
  nextMs: number | undefined,
): Promise<void> {
  await database.pool.query({
    name: 'finish reconcile',
    text: `UPDATE reconciles SET leased_until = NULL, next_at = $3::timestamptz WHERE party = $1 AND token = $2`,
    values: [party, token, instantOrNever(nextMs)],
  });
}

function instantOrNever(ms: number | undefined): string {
  return ms === undefined ? NEVER : msToInstant(ms);
}

/** Ends the lease of an interrupted comparison. It stays due, and does not start again before `untilMs`. */
export async function postponeReconcile(
  database: Database,
  party: string,
  token: number,
  untilMs: number,
): Promise<void> {
  await database.pool.query({
    name: 'postpone reconcile',
    text: `UPDATE reconciles SET leased_until = $3::timestamptz, token = token + 1 WHERE party = $1 AND token = $2`,
    values: [party, token, msToInstant(untilMs)],
  });
}

export interface LastReconcile {
  readonly party: string;
  /** How many of the judged dossiers agree on both sides. */
  readonly agreed: number;
  readonly judged: number;
}

/** Stores the result of a comparison. If it judged nothing, the last figures stay. */
export async function saveReconciled(
  database: Database,
  { party, agreed, judged }: LastReconcile,
  error: string | undefined,
  nowMs: number,
): Promise<void> {
  await database.pool.query({
    name: 'save reconciled',
    text: `INSERT INTO reconciles (party, next_at, last_at, agreed, judged, last_error)
           VALUES ($1, 'infinity', $2::timestamptz, $3, $4, $5)
           ON CONFLICT (party) DO UPDATE SET last_at = excluded.last_at, last_error = excluded.last_error,
             agreed = CASE WHEN excluded.judged > 0 THEN excluded.agreed ELSE reconciles.agreed END,
             judged = CASE WHEN excluded.judged > 0 THEN excluded.judged ELSE reconciles.judged END`,
    values: [party, msToInstant(nowMs), agreed, judged, error === undefined ? null : storable(error)],
  });
}

/** The result of the last comparison with each party. */
export async function lastReconciles(database: Database): Promise<readonly LastReconcile[]> {
  const { rows } = await database.pool.query<LastReconcile>({
    name: 'last reconciles',
    text: 'SELECT party, agreed, judged FROM reconciles WHERE judged > 0',
  });
  return rows;
}

/** Forgets the results of all other parties, so that their agreement is no longer shown. */
export async function forgetOtherResults(database: Database, parties: readonly string[]): Promise<void> {
  await database.pool.query({
    name: 'forget other results',
    text: 'UPDATE reconciles SET agreed = 0, judged = 0 WHERE judged > 0 AND NOT party = ANY($1::text[])',
    values: [parties],
  });
}

/** The last delivery of a dossier, or of a record, that a party received. */
export interface LastDelivered {
  readonly operation: Operation;
  readonly subject: string;
  /** The newest received delivery, and its version. */
  readonly deliveryId: number;
  readonly seq: number;
  readonly messageId: string;
  readonly createdAt: string;
  /** Another delivery of the dossier is due or held. */
  readonly pending: boolean;
  /** The state of the newest delivery of all. */
  readonly lastState: string;
  readonly lastReason: string | null;
}

/** Subjects of these operations that a party has received, in order after `after`. */
export async function listDelivered(
  database: Database,
  party: string,
  operations: readonly Operation[],
  limit: number,
  after: string,
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ subject: string }>({
    name: 'delivered after',
    text: `SELECT DISTINCT d.subject FROM deliveries d
           WHERE d.party = $1 AND d.subject > $2 AND ${isReceived('d')} AND d.operation = ANY($4::text[])
           ORDER BY d.subject LIMIT $3`,
    values: [party, after, limit, operations],
  });
  return rows.map((row) => row.subject);
}

/** A sample of the subjects of these operations that a party has received. The same seed gives the same sample. */
export async function sampleDelivered(
  database: Database,
  party: string,
  operations: readonly Operation[],
  limit: number,
  seed: string,
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ subject: string }>({
    name: 'delivered sample',
    text: `SELECT subject FROM (
             SELECT DISTINCT d.subject FROM deliveries d
             WHERE d.party = $1 AND ${isReceived('d')} AND d.operation = ANY($4::text[])) delivered
           ORDER BY md5(subject || $3) LIMIT $2`,
    values: [party, limit, seed, operations],
  });
  return rows.map((row) => row.subject);
}

/** The last delivery of each of these subjects that the party received. */
export async function loadLastDelivered(
  database: Database,
  party: string,
  operations: readonly Operation[],
  subjects: readonly string[],
): Promise<readonly LastDelivered[]> {
  const { rows } = await database.pool.query<LastDelivered>({
    name: 'last delivered',
    text: LAST_DELIVERED,
    values: [party, subjects, operations],
  });
  return rows;
}

const LAST_DELIVERED = `
  SELECT DISTINCT ON (d.subject) d.operation, d.subject, d.id AS "deliveryId", d.seq, d.message_id AS "messageId",
         d.created_at AS "createdAt", newest.state AS "lastState", newest.reason AS "lastReason",
         EXISTS (SELECT 1 FROM deliveries w WHERE w.party = d.party AND w.subject = d.subject AND w.state || '' IN ('due', 'held')) AS pending
  FROM deliveries d
  CROSS JOIN LATERAL (
    SELECT state, reason FROM deliveries n
    WHERE n.party = d.party AND n.subject = d.subject AND n.operation = d.operation
    ORDER BY n.id DESC LIMIT 1) newest
  WHERE d.party = $1 AND d.subject = ANY($2::text[]) AND ${isReceived('d')} AND d.operation = ANY($3::text[])
    AND NOT ${isErased('d.subject')}
  ORDER BY d.subject, d.id DESC`;

/** Our version of a dossier or record. */
export interface OwnVersion {
  readonly version: number;
  readonly messageId: string;
}

/** Our version of each of these subjects. Opens no content: one that cannot be opened ends no comparison of others. */
export async function loadVersions(
  database: Database,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, OwnVersion>> {
  const { rows } = await database.pool.query<OwnVersion & { subject: string }>({
    name: 'held versions',
    text: `SELECT code AS subject, version, last_message_id AS "messageId" FROM dossiers WHERE code = ANY($1::text[])
           UNION ALL
           SELECT subject, version, last_message_id FROM records WHERE subject = ANY($1::text[])`,
    values: [subjects],
  });
  return new Map(rows.map(({ subject, ...held }) => [subject, held]));
}

/**
 * Adds a delivery of the current version of a dossier or record, in doubt, so that the partner is looked up and gets only what it
 * lacks. Adds nothing while another delivery of the dossier is unsettled.
 *
 * @returns whether it was added
 */
export async function deliverAgain(
  database: Database,
  party: string,
  { operation, subject }: Pick<LastDelivered, 'operation' | 'subject'>,
  { version, messageId }: { readonly version: number; readonly messageId: string },
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await database.pool.query({
    name: 'deliver again',
    text: `INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at, doubt)
           SELECT $1, $6, $2, $3, $4, $5::timestamptz, $5::timestamptz, true
           WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE party = $1 AND subject = $2 AND state || '' IN ('due', 'held'))`,
    values: [party, subject, version, messageId, msToInstant(nowMs), operation],
  });
  return rowCount === 1;
}
