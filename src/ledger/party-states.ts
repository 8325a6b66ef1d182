import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';

/** Creates a row for each party that has none. */
export async function registerParties(database: Database, parties: readonly string[]): Promise<void> {
  await database.pool.query('INSERT INTO party_states (party) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [
    parties,
  ]);
}

/**
 * Pauses a party: from the next claim on, no process starts anything for it.
 *
 * @returns false if it was paused already; it stays paused by the first operator
 */
export async function pauseParty(
  db: pg.Pool | pg.PoolClient,
  party: string,
  by: string,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'UPDATE party_states SET paused_at = $2::timestamptz, paused_by = $3 WHERE party = $1 AND paused_at IS NULL',
    [party, msToInstant(nowMs), by],
  );
  return rowCount === 1;
}

export async function resumeParty(database: Database, party: string): Promise<void> {
  await database.pool.query('UPDATE party_states SET paused_at = NULL, paused_by = NULL WHERE party = $1', [party]);
}

/**
 * Takes calls from a party's rate limit, which all processes share. `perSecond` calls are added, and at most one
 * second's worth is stored. A process that asked earlier but is served later does not move the time back, because calls
 * would be added twice. A clock that was set back does.
 *
 * @returns how many calls it got, up to `wanted`
 */
export async function takeCalls(
  database: Database,
  party: string,
  perSecond: number,
  wanted: number,
  nowMs: number,
): Promise<number> {
  const { rows } = await database.pool.query<{ taken: number }>({
    name: 'take calls',
    text: `WITH bucket AS (
             SELECT LEAST(GREATEST($2::float8, 1),
                          calls + CASE WHEN refilled_at = '-infinity' THEN GREATEST($2::float8, 1)
                                       ELSE GREATEST(extract(epoch FROM $4::timestamptz - refilled_at), 0) * $2::float8 END) AS calls
             FROM party_states WHERE party = $1 FOR UPDATE)
           UPDATE party_states
           SET calls = bucket.calls - LEAST(floor(bucket.calls), $3::int8),
               refilled_at = CASE WHEN refilled_at > $4::timestamptz + interval '10 seconds' THEN $4::timestamptz
                                  ELSE GREATEST(refilled_at, $4::timestamptz) END
           FROM bucket WHERE party = $1
           RETURNING LEAST(floor(bucket.calls), $3::int8)::int8 AS taken`,
    values: [party, perSecond, wanted, msToInstant(nowMs)],
  });
  return rows[0]?.taken ?? 0;
}

/** Stores the state of a process's breaker, for operators. */
export async function saveBreaker(
  database: Database,
  party: string,
  process: string,
  state: string,
  nowMs: number,
): Promise<void> {
  await database.pool.query({
    name: 'save breaker',
    text: `INSERT INTO breakers (party, process, state, since) VALUES ($1, $2, $3, $4::timestamptz)
           ON CONFLICT (party, process) DO UPDATE SET state = excluded.state, since = excluded.since`,
    values: [party, process, state, msToInstant(nowMs)],
  });
}

/** Whether a process has an open breaker for the party. It reports that again at each attempt. */
export async function hasOpenBreaker(database: Database, party: string, nowMs: number): Promise<boolean> {
  const { rows } = await database.pool.query(
    `SELECT 1 FROM breakers WHERE party = $1 AND state <> 'closed' AND since > $2::timestamptz - interval '10 minutes' LIMIT 1`,
    [party, msToInstant(nowMs)],
  );
  return rows.length > 0;
}

/** Whether a party is paused. Then pulls do not run either. */
export async function isPaused(database: Database, party: string): Promise<boolean> {
  const { rows } = await database.pool.query({
    name: 'is paused',
    text: 'SELECT 1 FROM party_states WHERE party = $1 AND paused_at IS NOT NULL',
    values: [party],
  });
  return rows.length > 0;
}

/** All parties that were ever in the configuration. */
export async function knownParties({ pool }: Database): Promise<readonly string[]> {
  const { rows } = await pool.query<{ party: string }>('SELECT party FROM party_states ORDER BY party');
  return rows.map(({ party }) => party);
}
