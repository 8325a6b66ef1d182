import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { Operation } from '#schemas/operations';
import type { Database } from '../database/pool.ts';

/** A delivery that this process has leased: nobody else sends it while the lease holds. */
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
  /** How many calls at the most. */
  readonly limit: number;
  /** Operations of which one call carries several; of the others it carries one. */
  readonly carries: ReadonlyMap<string, CallCapacity>;
  /** How many dossiers all processes together may have leased at once. */
  readonly atOnce: number | undefined;
}

/** What one call may carry. */
export interface CallCapacity {
  readonly items: number;
  /** How many of them may be of one dossier. */
  readonly ofOneDossier: number;
}

/**
 * Lease what is due for a party, oldest first, as much as goes into the calls that are free: of each dossier only the
 * oldest unsettled delivery, so that none overtakes another, with those right behind it where one call carries several.
 * What is in doubt goes by itself. A lease that ran out without being settled leaves a doubt: its process may have sent
 * before it died; so does a database that was put back (homes.ts). Of a paused party nothing is leased.
 */
export async function claim(database: Database, claimer: Claimer): Promise<readonly Claimed[]> {
  return claimer.atOnce === undefined
    ? claimOn(database.pool, claimer, MOST_DOSSIERS)
    : claimWithin(database, claimer, claimer.atOnce);
}

/** One process after the other, so that together they keep to what may be leased at once. */
async function claimWithin(database: Database, claimer: Claimer, atOnce: number): Promise<readonly Claimed[]> {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM party_states WHERE party = $1 FOR UPDATE', [claimer.party]);
    const { rows } = await client.query<{ leased: number }>(
      `SELECT count(DISTINCT subject) AS leased FROM deliveries
       WHERE party = $1 AND state = 'due' AND leased_by IS NOT NULL AND next_at > $2::timestamptz`,
      [claimer.party, msToInstant(claimer.nowMs)],
    );
    const dossiers = Math.min(atOnce - (rows[0]?.leased ?? 0), MOST_DOSSIERS);
    const claimed = dossiers > 0 ? await claimOn(client, claimer, dossiers) : [];
    await client.query('COMMIT');
    return claimed;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** However much a call carries: more at once gain nothing, and would wait for their calls in memory. */
const MOST_DOSSIERS = 1_000;

async function claimOn(db: pg.Pool | pg.PoolClient, claimer: Claimer, dossiers: number): Promise<readonly Claimed[]> {
  const { party, process, nowMs, leaseMs, limit, carries } = claimer;
  const most = Math.max(1, ...[...carries.values()].map(({ items }) => items));
  const { rows } = await db.query<Claimed>({
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
      [...carries.values()].map(({ items }) => items),
      [...carries.values()].map(({ ofOneDossier }) => ofOneDossier),
    ],
  });
  return [...rows].sort((a, b) => a.id - b.id);
}

/** Whether an earlier attempt may have arrived: ours, or one that the database has forgotten. */
const IN_DOUBT = `(d.doubt OR d.leased_by IS NOT NULL
  OR coalesce(d.created_at < (SELECT doubtful_until FROM database_homes ORDER BY id DESC LIMIT 1), false))`;

/**
 * What is older of the same dossier is asked row by row (a subquery of one value cannot become a join), and not in the
 * index of due rows (`|| ''`): a plan made in quiet times would read all that is due for each due row, which at 1,500
 * due rows cost 250 ms a claim. Each row fills its part of a call; the first that does not fit ends the claim.
 */
const CLAIM = `
  WITH head AS (
    SELECT d.id, d.subject, d.operation, d.next_at, ${IN_DOUBT} AS doubt FROM deliveries d
    WHERE d.party = $1 AND d.state = 'due' AND d.next_at <= $2::timestamptz
      AND NOT EXISTS (SELECT 1 FROM party_states s WHERE s.party = $1 AND s.paused_at IS NOT NULL)
      AND (SELECT e.id FROM deliveries e
        WHERE e.party = d.party AND e.subject = d.subject AND e.state || '' IN ('due', 'held') AND e.id < d.id LIMIT 1) IS NULL
    ORDER BY d.next_at, d.id
    LIMIT $5
    FOR UPDATE SKIP LOCKED),
  run AS (
    SELECT head.*, coalesce(carries.items, 1) AS items, coalesce(carries.of_one, 1) AS of_one
    FROM head LEFT JOIN unnest($7::text[], $8::int4[], $9::int4[]) AS carries(operation, items, of_one)
      ON carries.operation = head.operation),
  line AS (
    SELECT id AS head_id, next_at, id, CASE WHEN doubt THEN 1 ELSE items END AS items FROM run
    UNION ALL
    SELECT run.id, run.next_at, f.id, run.items FROM run
    CROSS JOIN LATERAL (
      SELECT e.id, bool_and(e.operation = run.operation AND e.state = 'due') OVER (ORDER BY e.id) AS unbroken
      FROM deliveries e
      WHERE e.party = $1 AND e.subject = run.subject AND e.state || '' IN ('due', 'held') AND e.id > run.id
      ORDER BY e.id LIMIT run.of_one - 1) f
    WHERE run.of_one > 1 AND f.unbroken),
  filled AS (SELECT id, sum(1.0 / items) OVER (ORDER BY next_at, head_id, id) AS calls FROM line)
  UPDATE deliveries d
  SET doubt = ${IN_DOUBT}, leased_by = $4, next_at = $3::timestamptz,
      token = d.token + 1, attempts = d.attempts + 1
  FROM (SELECT id FROM filled WHERE calls <= $6 + 0.0001) leased
  WHERE d.id = leased.id
  RETURNING d.id, d.party, d.operation, d.subject, d.seq, d.message_id AS "messageId", d.created_at AS "createdAt",
            d.token, d.attempts, d.doubt`;

/** Extend leases that are still ours while their calls are under way. */
export async function extendLeases(database: Database, claimed: readonly Claimed[], untilMs: number): Promise<void> {
  await database.pool.query({
    name: 'extend leases',
    // What is locked is being settled: to wait for it would be a deadlock where both have several rows.
    text: `WITH ours AS (
             SELECT d.id FROM deliveries d JOIN unnest($1::int8[], $2::int8[]) AS held(id, token)
               ON d.id = held.id AND d.token = held.token
             WHERE d.state || '' = 'due' AND d.leased_by IS NOT NULL
             FOR UPDATE OF d SKIP LOCKED)
           UPDATE deliveries d SET next_at = $3::timestamptz FROM ours WHERE d.id = ours.id`,
    values: [claimed.map((one) => one.id), claimed.map((one) => one.token), msToInstant(untilMs)],
  });
}

/** Give back what was leased and not tried: it is due again at `nextMs`, as if it had not been claimed. */
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
