import { hash } from 'node:crypto';
import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';

/** Sessions that were ended before their time, known to all processes. Nothing is kept of those that go on. */
export interface EndedSessions {
  /** Resolves when it is committed. @param untilMs when the session would be over anyway, epoch milliseconds */
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

/** Forget those that are over by now. */
export async function forgetEndedSessions({ pool }: Pick<Database, 'pool'>, nowMs: number): Promise<void> {
  await pool.query('DELETE FROM ended_sessions WHERE expires_at <= $1::timestamptz', [msToInstant(nowMs)]);
}

/** In clear: a token is random, so nobody can find it from its hash and open a session with it. */
function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
