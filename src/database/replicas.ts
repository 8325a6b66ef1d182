import type pg from 'pg';
import { databaseName } from '#core/identifiers/database-hosts';
import type { Position } from '#core/identifiers/position';
import { say, type TextOrWords, type Words } from '#messages/message';
import { singleFlight } from '../concurrency/single-flight.ts';
import { isUnavailable } from './failures.ts';
import { type Heartbeats, readHeartbeats, type SeenHeartbeats } from './heartbeats.ts';
import { type Database, openDatabase, openProbe, refuseOtherSettings } from './pool.ts';

/** A copy of the database that answers reads. */
export interface Replica {
  /** Its host, port and database. */
  readonly name: string;
  readonly database: Database;
  /** It shows every commit that was acknowledged this long ago. */
  lagMs(): number;
}

export interface ReplicaState {
  readonly name: string;
  /** Infinity while it is unknown. */
  readonly lagMs: number;
  /** Why no read goes there. Undefined: it is in use. */
  readonly why: Words | undefined;
  /** False until this process has checked it for the first time. */
  readonly isKnown: boolean;
}

/** Chooses where reads go. */
export interface Replicas {
  readonly all: readonly Replica[];
  /**
   * The next replica whose lag is below the bound. Undefined: read from the primary.
   *
   * @param position what the reader has seen already
   */
  choose(position?: Position): Replica | undefined;
  /** Covers everything that this process has acknowledged or shown by now. */
  position(): Position;
  /** A read failed there. Without an answer the replica is out of use until it answers a check. */
  failed(replica: Replica, error: unknown): void;
  states(): readonly ReplicaState[];
  /** Checks every replica now. */
  check(): Promise<void>;
  /** Begins to check every second. */
  start(): void;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly urls: readonly string[];
  /** No read goes to a replica that is further behind. */
  readonly maxLagMs: number;
  /** Called when a replica comes into use or goes out of use. */
  readonly onChange: (state: ReplicaState) => void;
  /** Interval of the checks; false for none. */
  readonly everyMs?: number | false | undefined;
  /** A test's view of a replica. */
  readonly readSeen?: (probe: Pick<Database, 'pool'>) => Promise<SeenHeartbeats>;
}

const EVERY_MS = 1_000;
const ANSWER_MS = 3_000;
/** After a lag, the replica must come closer than this part of the bound before it is used again. */
const RETURN_SHARE = 0.5;

/** Opens the replicas. None is in use before the first check. */
export function openReplicas(heartbeats: Heartbeats, options: ReplicaOptions): Replicas {
  const { everyMs = EVERY_MS } = options;
  const watched = options.urls.map((url) => watchReplica(url, heartbeats.ageMs, options));
  let turn = 0;
  let timer: NodeJS.Timeout | undefined;
  const checkAll = (): Promise<unknown> => Promise.all(watched.map(({ check }) => check()));
  return {
    all: watched.map(({ replica }) => replica),
    choose(position) {
      const usable = watched.filter((one) => one.isUsable(position));
      return usable[turn++ % usable.length]?.replica;
    },
    position: heartbeats.next,
    failed: (replica, error) => watched.find((one) => one.replica === replica)?.failed(error),
    states: () => watched.map(({ state }) => state()),
    async check() {
      await heartbeats.beat();
      await checkAll();
    },
    start() {
      if (watched.length === 0 || everyMs === false) return;
      void checkAll();
      timer = setInterval(() => void checkAll(), everyMs).unref();
    },
    async close() {
      clearInterval(timer);
      await Promise.all(watched.map((one) => one.close()));
    },
  };
}

interface Watched {
  readonly replica: Replica;
  isUsable(position: Position | undefined): boolean;
  failed(error: unknown): void;
  state(): ReplicaState;
  /** Never rejects. */
  check(): Promise<void>;
  close(): Promise<void>;
}

function watchReplica(
  url: string,
  ageMs: (seen: SeenHeartbeats) => number,
  { maxLagMs, onChange, readSeen = readHeartbeats }: ReplicaOptions,
): Watched {
  const name = databaseName(url);
  const database = openDatabase(url);
  const probe: Pick<Database, 'pool'> = { pool: openProbe(url, ANSWER_MS) };
  let seen: SeenHeartbeats = new Map();
  let why: Words | undefined = say('replica-away', { name, why: say('replica-not-checked') });
  let isKnown = false;
  const lagMs = (): number => ageMs(seen);
  const state = (): ReplicaState => ({ name, lagMs: lagMs(), why, isKnown });

  function judge(now: Words | undefined): void {
    // The first result counts as a change, and a larger lag does not.
    const isChange = !isKnown || why?.code !== now?.code;
    [why, isKnown] = [now, true];
    if (isChange) onChange(state());
  }

  function away(error: unknown): void {
    judge(say('replica-away', { name, why: reasonOf(error) }));
    database.breakOff();
  }

  async function checkOnce(): Promise<void> {
    try {
      // Anything may stand at its address after it was away.
      if (why?.code === 'replica-away') await refuseOtherSettings(probe, 'DATABASE_READ_URLS');
      seen = await readSeen(probe);
    } catch (error) {
      return away(error);
    }
    const bound = why?.code === 'replica-behind' ? maxLagMs * RETURN_SHARE : maxLagMs;
    const lag = lagMs();
    const lagS = Number.isFinite(lag) ? Math.round(lag / 1_000) : say('replica-lag-unknown');
    judge(lag <= bound ? undefined : say('replica-behind', { name, seconds: lagS, most: maxLagMs / 1_000 }));
  }

  return {
    replica: { name, database, lagMs },
    isUsable: (position) =>
      why === undefined &&
      lagMs() <= maxLagMs &&
      (position === undefined || (seen.get(position.process) ?? -1) >= position.number),
    failed: (error) => void (isUnavailable(error) && !isOfRecovery(error) && away(error)),
    state,
    check: singleFlight(checkOnce),
    async close() {
      await Promise.all([database.close(), probe.pool.end()]);
    },
  };
}

/** A standby cancels a statement that reads rows which it is about to remove. It answers the next one. */
function isOfRecovery(error: unknown): boolean {
  return (error as Partial<pg.DatabaseError>).code === '40001';
}

function reasonOf(error: unknown): TextOrWords {
  const { message, code } = error as Error & { code?: string };
  return message || code || 'unknown';
}
