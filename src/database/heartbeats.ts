import { randomInt } from 'node:crypto';
import type { Position } from '#core/identifiers/position';
import type { Database } from './pool.ts';

/** The newest heartbeat of each process that a database shows. */
export type SeenHeartbeats = ReadonlyMap<number, number>;

/** The heartbeats of this process. */
export interface Heartbeats {
  /** Writes the next one to the primary. */
  beat(): Promise<void>;
  /** The one that comes next: it covers everything that any process has acknowledged by now. */
  next(): Position;
  /** How long ago the newest heartbeat of this process that a database shows was sent. Infinity without one. */
  ageMs(seen: SeenHeartbeats): number;
}

/** Older ones count as this old. */
const REMEMBERED = 3_600;

/** @param tickMs a clock that never jumps */
export function createHeartbeats({ pool }: Pick<Database, 'pool'>, tickMs: () => number): Heartbeats {
  const process = randomInt(1, 2 ** 47);
  const sentAtMs = new Map<number, number>();
  let sent = 0;
  return {
    async beat() {
      const number = ++sent;
      sentAtMs.set(number, tickMs());
      sentAtMs.delete(number - REMEMBERED);
      await pool.query({
        name: 'heartbeat',
        // An earlier one may arrive late, after a broken connection.
        text: `INSERT INTO heartbeats AS h (process, number, at) VALUES ($1, $2, clock_timestamp())
               ON CONFLICT (process) DO UPDATE SET number = greatest(h.number, excluded.number), at = excluded.at`,
        values: [process, number],
      });
    },
    next: () => ({ process, number: sent + 1 }),
    ageMs(seen) {
      const number = seen.get(process);
      if (number === undefined) return Number.POSITIVE_INFINITY;
      const [oldest = 0] = sentAtMs.values();
      return tickMs() - (sentAtMs.get(number) ?? oldest);
    },
  };
}

/** Reads the newest heartbeats of all processes that lived within a day. */
export async function readHeartbeats({ pool }: Pick<Database, 'pool'>): Promise<SeenHeartbeats> {
  const { rows } = await pool.query<Position>('SELECT process, number FROM heartbeats');
  return new Map(rows.map(({ process, number }) => [process, number]));
}

/** Deletes those of processes that ended days ago. */
export async function forgetOldHeartbeats({ pool }: Pick<Database, 'pool'>): Promise<void> {
  await pool.query(`DELETE FROM heartbeats WHERE at < clock_timestamp() - interval '1 day'`);
}
