import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { Operation } from '#schemas/operations';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { sendersOfDue } from './deliveries.ts';

/** A delivery that this process has leased. No other process sends it while the lease holds. */
export interface Claimed {
  readonly id: number;
  readonly party: string;
  readonly operation: Operation;
  readonly subject: string;
  readonly seq: number;
  readonly messageId: string;
  readonly createdAt: string;
  /** The fencing token of this lease. Only its holder can settle the delivery. */
  readonly token: number;
  /** Attempts, including the coming one. */
  readonly attempts: number;
  /** An earlier attempt may have arrived. */
  readonly doubt: boolean;
  readonly sender: string;
}

export interface Claimer {
  readonly party: string;
  /** Which process claims, for operators. */
  readonly process: string;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** How many calls are free. */
  readonly limit: number;
  /** Operations whose calls carry several items. Calls of other operations carry one. */
  readonly carries: ReadonlyMap<string, CallCapacity>;
  /** How many dossiers all processes together may lease at once. */
  readonly atOnce: number | undefined;
}

/** The capacity of one call. */
export interface CallCapacity {
  readonly items: number;
  /** How many of them may be of one dossier. */
  readonly ofOneDossier: number;
}

/**
 * Leases due deliveries of a party, as many as fit into the free calls. Their senders take turns, each with its oldest first:
 * of thirty dossiers of A and one of B, two calls of ten get A1, B1, A2 … A19. Of each dossier it takes the oldest unsettled
 * delivery, so that none overtakes another, and those right behind it if one call carries several. An item in doubt goes alone.
 * An expired lease leaves a doubt, because its process may have sent before it died, but counts as no attempt. A restored
 * database leaves a doubt too (database-identity.ts). Nothing of a paused party is leased.
 */
export async function claim(database: Database, claimer: Claimer): Promise<readonly Claimed[]> {
  return claimer.atOnce === undefined
    ? claimOn(database.pool, claimer, MOST_DOSSIERS)
    : claimWithin(database, claimer, claimer.atOnce);
}

/** Claims under a lock of the party, so that all processes together keep the limit. */
function claimWithin(database: Database, claimer: Claimer, atOnce: number): Promise<readonly Claimed[]> {
  return inTransaction(database, async (tx) => {
    await tx.query('SELECT 1 FROM party_states WHERE party = $1 FOR UPDATE', [claimer.party]);
    const { rows } = await tx.query<{ leased: number }>(
      `SELECT count(DISTINCT subject) AS leased FROM deliveries
       WHERE party = $1 AND state = 'due' AND leased_by IS NOT NULL AND next_at > $2::timestamptz`,
      [claimer.party, msToInstant(claimer.nowMs)],
    );
    const dossiers = Math.min(atOnce - (rows[0]?.leased ?? 0), MOST_DOSSIERS);
    return dossiers > 0 ? claimOn(tx, claimer, dossiers) : [];
  });
}

/** A limit for any call size. More leases at once gain nothing, and would wait in memory for their calls. */
const MOST_DOSSIERS = 1_000;

async function claimOn(db: pg.Pool | pg.PoolClient, claimer: Claimer, dossiers: number): Promise<readonly Claimed[]> {
  const { party, process, nowMs, leaseMs, limit, carries } = claimer;
  const capacities = [...carries.values()];
  const most = Math.max(1, ...capacities.map(({ items }) => items));
  const { rows } = await db.query<Claimed & { turn: number }>({
    name: 'claim',
    text: CLAIM,
    values: [
      party,
      msToInstant(nowMs),
      msToInstant(nowMs + leaseMs),
      process,
      Math.min(limit * most, dossiers),
      limit,
      [...carries.keys()],
      capacities.map(({ items }) => items),
      capacities.map(({ ofOneDossier }) => ofOneDossier),
    ],
  });
  return rows.sort((a, b) => a.turn - b.turn || a.id - b.id).map(({ turn: _, ...claimed }) => claimed);
}

/** Whether an earlier attempt may have arrived: the hub's own, or one that a restored database does not know. */
const IN_DOUBT = `(d.doubt OR d.leased_by IS NOT NULL
  OR coalesce(d.created_at < (SELECT doubtful_until FROM database_homes ORDER BY id DESC LIMIT 1), false))`;

/**
 * `due` has the oldest unsettled delivery of each dossier, `head` the first of these, and `offered` also those of their dossiers
 * that the same call may carry. Each fills a part of a call. The first that does not fit into the free calls ends the claim.
 *
 * Older deliveries of a dossier are probed row by row: a subquery of one value cannot become a join. The empty text after
 * `state` keeps the probe off the index of due rows. A plan made in quiet times would read all due rows for each due row,
 * 250 ms a claim at 1,500 due rows. `id + 0 = id` makes the planner expect one leased row, and so probe for each.
 */
const CLAIM = `
  ${sendersOfDue('$1')},
  due AS (
    SELECT oldest.*, row_number() OVER (PARTITION BY s.sender ORDER BY oldest.next_at, oldest.id) AS turn
    FROM senders s CROSS JOIN LATERAL (
      SELECT d.id, d.subject, d.operation, d.next_at, ${IN_DOUBT} AS doubt FROM deliveries d
      WHERE d.party = $1 AND d.state = 'due' AND d.sender = s.sender AND d.next_at <= $2::timestamptz
        AND NOT EXISTS (SELECT 1 FROM party_states p WHERE p.party = $1 AND p.paused_at IS NOT NULL)
        AND (SELECT e.id FROM deliveries e
          WHERE e.party = d.party AND e.subject = d.subject AND e.state || '' IN ('due', 'held') AND e.id < d.id LIMIT 1) IS NULL
      ORDER BY d.next_at, d.id
      LIMIT $5
      FOR UPDATE SKIP LOCKED) oldest),
  head AS (
    SELECT h.*, coalesce(carries.items, 1) AS items, coalesce(carries.of_one, 1) AS of_one
    FROM (SELECT * FROM due ORDER BY turn, next_at, id LIMIT $5) h
    LEFT JOIN unnest($7::text[], $8::int4[], $9::int4[]) AS carries(operation, items, of_one)
      ON carries.operation = h.operation),
  offered AS (
    SELECT id AS head_id, turn, next_at, id, CASE WHEN doubt THEN 1 ELSE items END AS items FROM head
    UNION ALL
    SELECT head.id, head.turn, head.next_at, behind.id, head.items FROM head
    CROSS JOIN LATERAL (
      SELECT e.id, bool_and(e.operation = head.operation AND e.state = 'due') OVER (ORDER BY e.id) AS unbroken
      FROM deliveries e
      WHERE e.party = $1 AND e.subject = head.subject AND e.state || '' IN ('due', 'held') AND e.id > head.id
      ORDER BY e.id LIMIT head.of_one - 1) behind
    WHERE head.of_one > 1 AND behind.unbroken),
  filled AS (SELECT id, turn, sum(1.0 / items) OVER (ORDER BY turn, next_at, head_id, id) AS calls FROM offered)
  UPDATE deliveries d
  SET doubt = ${IN_DOUBT}, leased_by = $4, next_at = $3::timestamptz,
      token = d.token + 1, attempts = d.attempts + (d.leased_by IS NULL)::int
  FROM (SELECT id, turn FROM filled WHERE calls <= $6 + 0.0001 AND id + 0 = id) leased
  WHERE d.id = leased.id
  RETURNING d.id, d.party, d.operation, d.subject, d.seq, d.message_id AS "messageId", d.created_at AS "createdAt",
            d.token, d.attempts, d.doubt, d.sender, leased.turn`;

/**
 * Extends leases that this process still holds, during their calls.
 *
 * @returns the ids of those that it extended; the others are being settled, or another process has them
 */
export async function extendLeases(
  database: Database,
  claimed: readonly Claimed[],
  untilMs: number,
): Promise<ReadonlySet<number>> {
  const { rows } = await database.pool.query<{ id: number }>({
    name: 'extend leases',
    // A locked row is being settled. Waiting for it would deadlock if both statements have several rows.
    text: `WITH ours AS (
             SELECT d.id FROM deliveries d JOIN unnest($1::int8[], $2::int8[]) AS held(id, token)
               ON d.id = held.id AND d.token = held.token
             WHERE d.state || '' = 'due' AND d.leased_by IS NOT NULL
             FOR UPDATE OF d SKIP LOCKED)
           UPDATE deliveries d SET next_at = $3::timestamptz FROM ours WHERE d.id = ours.id RETURNING d.id`,
    values: [claimed.map((one) => one.id), claimed.map((one) => one.token), msToInstant(untilMs)],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Returns leases without an attempt. The deliveries are due again at `nextMs`, as if never claimed. */
export async function giveBack(database: Database, claimed: readonly Claimed[], nextMs: number): Promise<void> {
  await database.pool.query({
    name: 'give back',
    text: `UPDATE deliveries d SET next_at = $4::timestamptz, leased_by = NULL, attempts = d.attempts - 1, doubt = held.doubt
           FROM unnest($1::int8[], $2::int8[], $3::bool[]) AS held(id, token, doubt)
           WHERE d.id = held.id AND d.token = held.token AND d.state || '' = 'due'`,
    values: [
      claimed.map((one) => one.id),
      claimed.map((one) => one.token),
      claimed.map((one) => one.doubt),
      msToInstant(nextMs),
    ],
  });
}
