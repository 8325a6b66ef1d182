import { msToInstant } from '#core/dates';
import type { Operation } from '#schemas/operations';
import type { Database } from '../database/pool.ts';

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
