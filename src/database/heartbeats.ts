import { randomInt } from 'node:crypto';
import type { Position } from '#core/identifiers/position';
import type { Database } from './pool.ts';

/** The newest heartbeat of each process that a database shows. */
export type SeenHeartbeats = ReadonlyMap<number, number>;

/**
 * The heartbeats of this process: a number that it counts up in the database every second. They show how far a replica has come,
 * and whether a standby that took over lacks anything, without comparing clocks.
 */
export interface Heartbeats {
  /** Writes the next one to the primary. Never rejects: without an answer the next one is a second later. */
  beat(): Promise<void>;
  /** The one that comes next: it covers everything that any process has acknowledged by now. */
  next(): Position;
  /** How long ago the newest heartbeat of this process that a database shows was sent. Infinity without one. */
  ageMs(seen: SeenHeartbeats): number;
  /**
   * Whether the server that began this timeline has every commit that was acknowledged before. Undefined when this process
   * cannot say: it did not see the server before, or that one did not wait for all named standbys.
   */
  isComplete(timeline: string): Promise<boolean | undefined>;
  /** Whether another process wrote a heartbeat within some seconds. */
  areOthersAlive(): Promise<boolean>;
  /** Begins to beat every second. */
  start(): void;
  close(): Promise<void>;
}

/** Older ones count as this old. */
const REMEMBERED = 3_600;
const EVERY_MS = 1_000;

/** Whether a commit with this `synchronous_commit` waits until the named standbys have it on their disks. */
export const waitsForDisks = (commit: string | undefined): boolean => commit === 'on' || commit === 'remote_apply';

/**
 * Whether a commit waits for every standby of this `synchronous_standby_names`. Where some of several are enough, or `*` takes any,
 * the one that takes over may lack what was acknowledged last.
 */
export function waitsForAll(names = ''): boolean {
  const { many = '1', list = names } = NUMBER_OF.exec(names)?.groups ?? {};
  const named = list.match(/"(?:[^"]|"")*"|[^\s,]+/g) ?? [];
  return named.length > 0 && named.length <= Number(many) && !named.some((one) => one === '*' || one === '"*"');
}

const NUMBER_OF = /^\s*(?:(?:ANY|FIRST)\s+)?(?<many>\d+)\s*\((?<list>.*)\)\s*$/i;

interface Answer {
  readonly standbys: string;
  readonly commit: string;
  readonly timeline: string | null;
  /** The number in the row before. Null without a row. */
  readonly before: number | null;
}

/** The row of an earlier connection may arrive late, so the number never falls. */
const BEAT = `
  WITH known AS (SELECT number FROM heartbeats WHERE process = $1)
  INSERT INTO heartbeats AS h (process, number, at) VALUES ($1, $2, clock_timestamp())
  ON CONFLICT (process) DO UPDATE SET number = greatest(h.number, excluded.number), at = excluded.at
  RETURNING (SELECT number FROM known) AS before,
    current_setting('synchronous_standby_names') AS standbys,
    current_setting('synchronous_commit') AS commit,
    CASE WHEN has_function_privilege('pg_walfile_name(pg_lsn)', 'execute')
         THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline`;

const isSynchronous = ({ standbys, commit }: Answer): boolean => waitsForDisks(commit) && waitsForAll(standbys);

export interface HeartbeatOptions {
  /** False: only on demand. */
  readonly everyMs?: number | false | undefined;
  /** A clock that never jumps. */
  readonly tickMs?: () => number;
}

export function createHeartbeats(
  { pool }: Pick<Database, 'pool'>,
  { everyMs = EVERY_MS, tickMs = () => performance.now() }: HeartbeatOptions = {},
): Heartbeats {
  const process = randomInt(1, 2 ** 47);
  const sentAtMs = new Map<number, number>();
  const complete = new Map<string, boolean>();
  let sent = 0;
  let acknowledged: (Answer & { readonly number: number }) | undefined;
  let beating: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function beatOnce(): Promise<void> {
    const number = ++sent;
    sentAtMs.set(number, tickMs());
    sentAtMs.delete(number - REMEMBERED);
    const { rows } = await pool.query<Answer>({ name: 'heartbeat', text: BEAT, values: [process, number] });
    const answer = rows[0] as Answer;
    const last = acknowledged;
    if (last?.timeline && answer.timeline && answer.timeline !== last.timeline && isSynchronous(last))
      complete.set(answer.timeline, (answer.before ?? 0) >= last.number);
    acknowledged = { ...answer, number };
  }

  const beat = (): Promise<void> => {
    beating ??= beatOnce()
      .catch(() => undefined)
      .finally(() => {
        beating = undefined;
      });
    return beating;
  };

  return {
    beat,
    next: () => ({ process, number: sent + 1 }),
    ageMs(seen) {
      const number = seen.get(process);
      if (number === undefined) return Number.POSITIVE_INFINITY;
      const [oldest = 0] = sentAtMs.values();
      return tickMs() - (sentAtMs.get(number) ?? oldest);
    },
    async isComplete(timeline) {
      // One under way may have been sent to the server before.
      for (let tries = 0; tries < 2 && acknowledged !== undefined && acknowledged.timeline !== timeline; tries++)
        await beat();
      return complete.get(timeline);
    },
    areOthersAlive: () => areOthersAlive(pool, process),
    start() {
      if (everyMs === false) return;
      void beat();
      timer = setInterval(() => void beat(), everyMs).unref();
    },
    async close() {
      clearInterval(timer);
      await beating;
    },
  };
}

async function areOthersAlive(pool: Database['pool'], process: number): Promise<boolean> {
  const { rows } = await pool.query<{ alive: boolean }>(
    `SELECT EXISTS (SELECT FROM heartbeats WHERE process <> $1 AND at > clock_timestamp() - interval '5 seconds') AS alive`,
    [process],
  );
  return rows[0]?.alive === true;
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
