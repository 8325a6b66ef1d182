import { instantToMs, msToInstant } from '#core/dates';
import type { Cause } from '#core/problem';
import type { Outcome, Settlement } from '#core/settle';
import type { Operation } from '#schemas/operations';
import { definePart, insertInto, writeParts } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Sealed, Vault } from '../vault.ts';

/** Something that a party has to be told. */
export interface DeliveryRow {
  readonly party: string;
  readonly operation: string;
  /** The dossier's code, or the catalogue entry's. */
  readonly subject: string;
  /** Which of the subject's events is told. */
  readonly seq: number;
  readonly messageId: string;
  readonly createdAt: string;
}

const columns = {
  party: ['text', (r: DeliveryRow) => r.party],
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

/** A delivery that this process has leased: nobody else sends it before `leaseUntil`. */
export interface Claimed {
  readonly id: number;
  readonly party: string;
  readonly operation: Operation;
  readonly subject: string;
  readonly seq: number;
  readonly messageId: string;
  readonly createdAt: string;
  /** The fencing token of this lease: only its holder settles. */
  readonly token: number;
  /** Attempts made, the coming one included. */
  readonly attempts: number;
  /** An earlier attempt may have arrived. */
  readonly doubt: boolean;
}

export interface Claimer {
  readonly party: string;
  /** Which process claims; for the operators. */
  readonly process: string;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** How many dossiers at the most. */
  readonly limit: number;
  /** Operations of which one call carries several, and how many. */
  readonly runs: ReadonlyMap<string, number>;
}

/**
 * Lease what is due for a party, oldest first: of each dossier only the oldest unsettled delivery, so that none
 * overtakes another, with those right behind it where one call carries several. A lease that ran out without being
 * settled leaves a doubt: its process may have sent before it died.
 */
export async function claim(database: Database, claimer: Claimer): Promise<readonly Claimed[]> {
  const { party, process, nowMs, leaseMs, limit, runs } = claimer;
  const { rows } = await database.pool.query<Claimed>({
    name: 'claim',
    text: CLAIM,
    values: [
      party,
      msToInstant(nowMs),
      msToInstant(nowMs + leaseMs),
      process,
      limit,
      [...runs.keys()],
      [...runs.values()],
    ],
  });
  return [...rows].sort((a, b) => a.id - b.id);
}

const CLAIM = `
  WITH head AS (
    SELECT d.id, d.subject, d.operation FROM deliveries d
    WHERE d.party = $1 AND d.state = 'due' AND d.next_at <= $2::timestamptz
      AND NOT EXISTS (SELECT 1 FROM deliveries e
        WHERE e.party = d.party AND e.subject = d.subject AND e.state = 'due' AND e.id < d.id)
    ORDER BY d.next_at, d.id
    LIMIT $5
    FOR UPDATE SKIP LOCKED),
  follower AS (
    SELECT f.id FROM head
    JOIN unnest($6::text[], $7::int4[]) AS runs(operation, size) ON runs.operation = head.operation
    CROSS JOIN LATERAL (
      SELECT e.id, bool_and(e.operation = head.operation) OVER (ORDER BY e.id) AS unbroken
      FROM deliveries e
      WHERE e.party = $1 AND e.subject = head.subject AND e.state = 'due' AND e.id > head.id
      ORDER BY e.id LIMIT runs.size - 1) f
    WHERE f.unbroken)
  UPDATE deliveries d
  SET doubt = d.doubt OR d.leased_by IS NOT NULL, leased_by = $4, next_at = $3::timestamptz,
      token = d.token + 1, attempts = d.attempts + 1
  FROM (SELECT id FROM head UNION ALL SELECT id FROM follower) leased
  WHERE d.id = leased.id
  RETURNING d.id, d.party, d.operation, d.subject, d.seq, d.message_id AS "messageId", d.created_at AS "createdAt",
            d.token, d.attempts, d.doubt`;

/** Extend leases that are still ours while their calls are under way. */
export async function extendLeases(database: Database, claimed: readonly Claimed[], untilMs: number): Promise<void> {
  await database.pool.query({
    name: 'extend leases',
    text: `UPDATE deliveries d SET next_at = $3::timestamptz FROM unnest($1::int8[], $2::int8[]) AS held(id, token)
           WHERE d.id = held.id AND d.token = held.token AND d.state = 'due' AND d.leased_by IS NOT NULL`,
    values: [claimed.map((one) => one.id), claimed.map((one) => one.token), msToInstant(untilMs)],
  });
}

/** What came of an attempt, and what follows. */
export interface Settled {
  readonly claimed: Claimed;
  readonly outcome: Outcome;
  readonly settlement: Settlement;
  readonly at: string;
  readonly tookMs: number;
  /** What went over the wire, as JSON. */
  readonly wire: string | undefined;
}

/**
 * Keep the outcome of attempts and what follows from them, in one statement. What another process has taken over since
 * (its token moved on) is left to that one.
 */
export async function settleAll(database: Database, vault: Vault, settled: readonly Settled[]): Promise<void> {
  const rows = settled.map((row) => ({ ...row, ...followUp(row) }));
  const sealed = settled.map((row) => ({ row, wire: row.wire === undefined ? undefined : vault.seal(row.wire) }));
  await writeParts(database.pool, [
    settlePart(rows),
    attemptPart(sealed),
    heldPart(settled.filter((row) => row.settlement.state === 'held')),
  ]);
}

interface FollowUp {
  readonly state: string;
  readonly nextAt: string | undefined;
  readonly doubt: boolean;
  readonly causeKey: string | undefined;
}

function followUp({ settlement, at }: Settled): FollowUp {
  if (settlement.state === 'due')
    return {
      state: 'due',
      nextAt: msToInstant(instantToMs(at) + settlement.afterMs),
      doubt: settlement.doubt,
      causeKey: undefined,
    };
  if (settlement.state === 'held')
    return { state: 'due', nextAt: undefined, doubt: false, causeKey: settlement.cause.key };
  return { state: settlement.state, nextAt: at, doubt: false, causeKey: undefined };
}

const settlePart = definePart<Settled & FollowUp>(
  'settle',
  {
    id: ['int8', (r) => r.claimed.id],
    token: ['int8', (r) => r.claimed.token],
    state: ['text', (r) => r.state],
    next_at: ['timestamptz', (r) => r.nextAt],
    doubt: ['bool', (r) => r.doubt],
    cause_key: ['text', (r) => r.causeKey],
    outcome: ['text', (r) => r.outcome.kind],
    reason: ['text', (r) => ('reason' in r.outcome ? r.outcome.reason : undefined)],
    detail: ['text', (r) => ('message' in r.outcome ? r.outcome.message : undefined)],
    reference: ['text', (r) => ('reference' in r.outcome ? r.outcome.reference : undefined)],
    at: ['timestamptz', (r) => r.at],
  },
  (rows) => `
    UPDATE deliveries d
    SET state = given.state, next_at = coalesce(given.next_at, 'infinity'), leased_by = NULL, doubt = given.doubt,
        cause_key = given.cause_key, outcome = given.outcome, reason = given.reason, detail = given.detail,
        reference = coalesce(given.reference, d.reference),
        settled_at = CASE WHEN given.state = 'due' THEN NULL ELSE given.at END
    FROM ${rows} WHERE d.id = given.id AND d.token = given.token AND d.state = 'due'
    RETURNING d.id`,
);

const attemptPart = definePart<{ readonly row: Settled; readonly wire: Sealed | undefined }>(
  'attempt',
  {
    delivery_id: ['int8', ({ row }) => row.claimed.id],
    number: ['int4', ({ row }) => row.claimed.attempts],
    at: ['timestamptz', ({ row }) => row.at],
    took_ms: ['int4', ({ row }) => Math.round(row.tookMs)],
    outcome: ['text', ({ row }) => row.outcome.kind],
    reason: ['text', ({ row }) => ('reason' in row.outcome ? row.outcome.reason : undefined)],
    detail: ['text', ({ row }) => ('message' in row.outcome ? row.outcome.message : undefined)],
    wire: ['bytea', ({ wire }) => wire?.bytes],
    wire_key: ['int4', ({ wire }) => wire?.keyId],
  },
  insertInto('attempts', ['delivery_id', 'number', 'at', 'took_ms', 'outcome', 'reason', 'detail', 'wire', 'wire_key']),
);

/** A delivery that waits for a person is on the same list as an item that does. */
const heldPart = definePart<Settled>(
  'held',
  {
    cause_kind: ['text', (r) => (r.settlement as { cause: Cause }).cause.kind],
    cause_key: ['text', (r) => (r.settlement as { cause: Cause }).cause.key],
    detail: ['text', (r) => (r.settlement as { cause: Cause }).cause.message],
    party: ['text', (r) => r.claimed.party],
    operation: ['text', (r) => r.claimed.operation],
    code: ['text', (r) => r.claimed.subject],
    message_id: ['uuid', (r) => r.claimed.messageId],
    item: ['int4', () => -1],
    delivery_id: ['int8', (r) => r.claimed.id],
    opened_at: ['timestamptz', (r) => r.at],
  },
  insertInto('quarantine', [
    'cause_kind',
    'cause_key',
    'detail',
    'party',
    'operation',
    'code',
    'message_id',
    'item',
    'delivery_id',
    'opened_at',
  ]),
);

/** Free what a cause held: it is due again, oldest first as ever. */
export async function releaseDeliveries(database: Database, causeKeys: readonly string[], at: string): Promise<number> {
  const { rowCount } = await database.pool.query(
    `WITH freed AS (
       UPDATE deliveries SET next_at = $2::timestamptz, cause_key = NULL, attempts = 0
       WHERE cause_key = ANY($1::text[]) AND state = 'due' RETURNING id)
     UPDATE quarantine q SET settled_at = $2::timestamptz, settlement = 'released'
     FROM freed WHERE q.delivery_id = freed.id AND q.settled_at IS NULL`,
    [causeKeys, at],
  );
  return rowCount ?? 0;
}

/** The parties that something is due for now, among these. One index probe each. */
export async function partiesWithWork(
  database: Database,
  parties: readonly string[],
  nowMs: number,
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ party: string }>({
    name: 'parties with work',
    text: `SELECT party FROM unnest($1::text[]) AS p(party) WHERE EXISTS (
             SELECT 1 FROM deliveries d WHERE d.party = p.party AND d.state = 'due' AND d.next_at <= $2::timestamptz)`,
    values: [parties, msToInstant(nowMs)],
  });
  return rows.map((row) => row.party);
}

/** Which of these dossiers a party has taken before. */
export async function knownTo(
  database: Database,
  party: string,
  subjects: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await database.pool.query<{ subject: string }>({
    name: 'known to',
    text: `SELECT DISTINCT subject FROM deliveries
           WHERE party = $1 AND subject = ANY($2::text[]) AND state = 'delivered' AND operation = 'dossier.upsert.v1'`,
    values: [party, subjects],
  });
  return new Set(rows.map((row) => row.subject));
}

/** Dossiers that a party has taken and that are not finished, in code order after `after`. */
export async function outstandingAt(
  database: Database,
  party: string,
  limit: number,
  after: string | undefined,
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ subject: string }>({
    name: 'outstanding',
    text: `SELECT DISTINCT d.subject FROM deliveries d JOIN dossiers ON dossiers.code = d.subject
           WHERE d.party = $1 AND d.state = 'delivered' AND d.operation = 'dossier.upsert.v1' AND d.subject > $2
             AND dossiers.status IN ('submitted', 'received', 'processing', 'supplement-required', 'payment-required')
           ORDER BY d.subject LIMIT $3`,
    values: [party, after ?? '', limit],
  });
  return rows.map((row) => row.subject);
}
