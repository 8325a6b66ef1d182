import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';

export interface Backlog {
  readonly party: string;
  /**
   * `due`: sent automatically, now or later. `held`: waits until an operator has settled its cause. `behind`: waits for
   * a held delivery of the same dossier, because deliveries of one dossier do not overtake each other.
   */
  readonly state: 'due' | 'held' | 'behind';
  readonly count: number;
  /** The age of the oldest one, in seconds. */
  readonly oldestS: number;
  /** How long the next attempt of one is past its time at most, in seconds. A retry that has time is not overdue. */
  readonly overdueS: number;
}

/** Deliveries that are not settled. Two parts, so that each uses the index of its state. */
export const UNSETTLED = `SELECT * FROM deliveries WHERE state = 'due' UNION ALL SELECT * FROM deliveries WHERE state = 'held'`;

/** The number of unsettled deliveries per party and state. Does not read settled ones. */
export async function loadBacklog(database: Database, nowMs: number): Promise<readonly Backlog[]> {
  const { rows } = await database.pool.query<Backlog>({
    name: 'backlog',
    text: `
      WITH unsettled AS (
        SELECT id, party, subject, created_at, next_at, state = 'held' AS held FROM (${UNSETTLED}) d),
      -- Only the first one of a dossier is tried.
      first AS (SELECT party, subject, min(id) AS id, bool_or(held) AS stuck FROM unsettled GROUP BY party, subject)
      SELECT party, CASE WHEN held THEN 'held' WHEN stuck THEN 'behind' ELSE 'due' END AS state,
             count(*) AS count,
             GREATEST(extract(epoch FROM $1::timestamptz - min(created_at)), 0)::float8 AS "oldestS",
             coalesce(GREATEST(extract(epoch FROM $1::timestamptz - min(next_at) FILTER (WHERE unsettled.id = first.id)), 0), 0)::float8 AS "overdueS"
      FROM unsettled JOIN first USING (party, subject) GROUP BY 1, 2`,
    values: [msToInstant(nowMs)],
  });
  return rows;
}
