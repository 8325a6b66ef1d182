import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryConfig, QueryResult } from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';

/**
 * The counters. Citizens' look-ups: all requests of a client, what it submits, its wrong proofs, its wrong proofs of one code
 * (`client-code`), and the wrong proofs of one code from all clients (`code`, `code-day`). Keys: the wrong secrets of a client.
 * Both: what one person sends (`person`), and what one officer asks registers (`ask`).
 */
export type LimitKind =
  | 'lookup'
  | 'submission'
  | 'wrong-proof'
  | 'client-code'
  | 'code'
  | 'code-day'
  | 'secret'
  | 'person'
  | 'ask';

/** Rate limits that all processes share. The table holds keyed hashes, so guessing finds no address and no code. */
export interface RequestLimits {
  /**
   * Counts one attempt. Resolves with the seconds to wait if it exceeds the limit, otherwise with undefined. Counts secrets also
   * while the database is away, because the hub then still answers requests that need no database.
   */
  take(kind: LimitKind, subject: string): Promise<number | undefined>;
  /** Takes one attempt back, because it was no guess. */
  refund(kind: LimitKind, subject: string): Promise<void>;
  /** Remembers a client for 30 days, for all processes. */
  rememberClient(subject: string): Promise<void>;
  isKnownClient(subject: string): Promise<boolean>;
  /** Remembers for 30 days that a client proved a dossier, for all processes. */
  rememberProof(subject: string): Promise<void>;
  hasProved(subject: string): Promise<boolean>;
  /** How many questions, petitions and ratings one person may send in an hour. */
  readonly personPerHour: number;
  /** How many questions one officer may ask registers in an hour. */
  readonly askPerHour: number;
}

/**
 * Wrong secrets of one address in 15 minutes. Too few to guess a secret (guessable secrets stop the start). Enough for a client
 * that corrects a wrong secret, and for many clients behind one address.
 */
export const WRONG_SECRETS = 200;

/** Wrong proofs of one code that one client may send in an hour, and that all clients may send in an hour and in a day. */
export const WRONG_PROOFS = { client: 10, hour: 100, day: 300 } as const;

/**
 * There are 10,000 possible proofs and 300 guesses a day for one code: trying half of them takes 17 days from any number of
 * addresses. One client is far below that total, so it cannot use up the guesses of a citizen. A client that tries a proof or
 * two of many codes finds one in about 80 hours. An address may be that of a hall of citizens, or of an office.
 */
const LIMITS = {
  // Never refunded, so a process may refuse an address above the limit without a query.
  lookup: { points: 60, duration: 60, inMemoryBlockOnConsumed: 60 },
  submission: { points: 60, duration: 3_600 },
  'wrong-proof': { points: 60, duration: 3_600 },
  'client-code': { points: WRONG_PROOFS.client, duration: 3_600 },
  code: { points: WRONG_PROOFS.hour, duration: 3_600 },
  'code-day': { points: WRONG_PROOFS.day, duration: 86_400 },
  // A right secret is counted until its refund, so only a count above the limit blocks.
  secret: { points: WRONG_SECRETS, duration: 900, inMemoryBlockOnConsumed: WRONG_SECRETS + 1 },
} as const satisfies Record<Exclude<LimitKind, 'person' | 'ask'>, object>;

/** A person asks a few questions. A family or an office with one phone number asks a few more. */
const PERSON_PER_HOUR = 20;
/** An officer at a counter takes about thirty dossiers in an hour, each with one or two people. */
const ASK_PER_HOUR = 120;

export interface SetLimits {
  readonly personPerHour?: number | undefined;
  readonly askPerHour?: number | undefined;
}

const REMEMBERED_S = 30 * 86_400;

/** How long a request with a secret waits for a lost database. The next requests within 5 s do not wait. */
const ANSWER_MS = 1_000;
const AWAY_MS = 5_000;
/** Queries at once. Pushes need the same connections and waited 1.2 s behind 3,000 guesses. */
const MOST_QUERIES = 2;

export function createRequestLimits(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'blind'>,
  { personPerHour = PERSON_PER_HOUR, askPerHour = ASK_PER_HOUR }: SetLimits = {},
): RequestLimits {
  const { known, proved, limiters } = limitersOn(pool, { personPerHour, askPerHour });
  /** The wrong secrets that this process received. The only count while the database is away or slow. */
  const localSecrets = new RateLimiterMemory({ keyPrefix: 'secret', ...LIMITS.secret });
  const keyOf = (subject: string): string => vault.blind('tries', subject)[0];
  return {
    personPerHour,
    askPerHour,
    async take(kind, subject) {
      const key = keyOf(subject);
      try {
        if (kind === 'secret') await localSecrets.consume(key);
        await limiters[kind].consume(key);
        return undefined;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return Math.max(1, Math.ceil(refused.msBeforeNext / 1_000));
        if (kind === 'secret') return undefined;
        throw refused;
      }
    },
    async refund(kind, subject) {
      const key = keyOf(subject);
      if (kind !== 'secret') return void (await limiters[kind].reward(key));
      await Promise.all([localSecrets.reward(key), limiters.secret.reward(key).catch(() => undefined)]);
    },
    async rememberClient(subject) {
      // A later request remembers the client if this write fails.
      await known.set(keyOf(subject), 1, REMEMBERED_S).catch(() => undefined);
    },
    async rememberProof(subject) {
      await proved.set(keyOf(subject), 1, REMEMBERED_S);
    },
    hasProved: async (subject) => Boolean(await proved.get(keyOf(subject))),
    isKnownClient: async (subject) => Boolean(await known.get(keyOf(subject)).catch(() => null)),
  };
}

type PerHour = Pick<RequestLimits, 'personPerHour' | 'askPerHour'>;

function limitersOn(pool: Database['pool'], { personPerHour, askPerHour }: PerHour) {
  const hour = { duration: 3_600 };
  const limits = {
    ...LIMITS,
    person: { points: personPerHour, ...hour },
    ask: { points: askPerHour, ...hour },
  };
  const table = { storeType: 'pool', tableName: 'look_up_tries', tableCreated: true };
  const limiterOf = (kind: LimitKind, storeClient: object = pool): RateLimiterPostgres =>
    new RateLimiterPostgres({ ...table, storeClient, keyPrefix: kind, ...limits[kind] });
  const memoryOf = (keyPrefix: string, storeClient: object): RateLimiterPostgres =>
    new RateLimiterPostgres({ ...table, storeClient, keyPrefix, points: 1, duration: REMEMBERED_S });
  return {
    // A queue for each, so a client with a key does not wait behind guesses.
    known: memoryOf('known', failFast(pool)),
    proved: memoryOf('proved', pool),
    limiters: {
      lookup: limiterOf('lookup'),
      submission: limiterOf('submission'),
      'wrong-proof': limiterOf('wrong-proof'),
      'client-code': limiterOf('client-code'),
      code: limiterOf('code'),
      'code-day': limiterOf('code-day'),
      person: limiterOf('person'),
      ask: limiterOf('ask'),
      secret: limiterOf('secret', failFast(pool)),
    },
  };
}

/** Treats a database that does not answer within ANSWER_MS as away for AWAY_MS. */
function failFast(pool: Database['pool']): object {
  const late = new Error(`the database did not answer within ${ANSWER_MS} ms`);
  const waiting: (() => void)[] = [];
  let busy = 0;
  let awayUntilMs = 0;

  async function runQueued(question: QueryConfig, over: AbortSignal): Promise<QueryResult> {
    if (busy >= MOST_QUERIES) await new Promise<void>((go) => waiting.push(go));
    else busy++;
    try {
      if (over.aborted) throw late;
      return await pool.query(question);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else busy--;
    }
  }

  return {
    query: (question: QueryConfig) => {
      if (performance.now() < awayUntilMs) return Promise.reject(late);
      const over = new AbortController();
      const waited = sleep(ANSWER_MS, undefined, { signal: over.signal }).then(() => {
        awayUntilMs = performance.now() + AWAY_MS;
        throw late;
      });
      return Promise.race([waited, runQueued(question, over.signal)]).finally(() => over.abort());
    },
  };
}
