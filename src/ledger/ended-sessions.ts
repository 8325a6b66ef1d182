import { hash } from 'node:crypto';
import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';

/** Sessions that ended before they expired, shared by all processes. Running sessions are not stored. */
export interface EndedSessions {
  /**
   * Resolves after the commit.
   *
   * @param untilMs when the session would expire anyway, epoch milliseconds
   */
  add(token: string, untilMs: number): Promise<void>;
  has(token: string): Promise<boolean>;
}

export function createEndedSessions({ pool }: Pick<Database, 'pool'>): EndedSessions {
  return {
    async add(token, untilMs) {
      await pool.query(
        'INSERT INTO ended_sessions (hash, expires_at) VALUES ($1, $2::timestamptz) ON CONFLICT DO NOTHING',
        [hashOf(token), msToInstant(untilMs)],
      );
    },
    async has(token) {
      const { rows } = await pool.query({
        name: 'is session ended',
        text: 'SELECT 1 FROM ended_sessions WHERE hash = $1',
        values: [hashOf(token)],
      });
      return rows.length > 0;
    },
  };
}

/** Deletes sessions that have expired. */
export async function forgetEndedSessions({ pool }: Pick<Database, 'pool'>, nowMs: number): Promise<void> {
  await pool.query('DELETE FROM ended_sessions WHERE expires_at <= $1::timestamptz', [msToInstant(nowMs)]);
}

/** Not keyed: a token is random, so its hash does not help to find it. */
function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
