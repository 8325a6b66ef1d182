import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryConfig, QueryResult } from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';

/**
 * What is counted. Citizens' look-ups: all requests of a client, its wrong proofs, its wrong proofs of one code
 * (`client-code`), and the wrong proofs of one code from all clients (`code`, `code-day`). Keys: the wrong secrets of a client.
 */
export type LimitKind = 'lookup' | 'wrong-proof' | 'client-code' | 'code' | 'code-day' | 'secret';

/** How often was tried of late, by all processes together. The table holds keyed hashes: no address and no code can be found by guessing. */
export interface RequestLimits {
  /**
   * Count one more. Resolves with the seconds to wait where it is one too many, otherwise with undefined. Secrets are counted
   * while the database is away, too: what needs no database is answered then.
   */
  take(kind: LimitKind, subject: string): Promise<number | undefined>;
  /** Count one less: it was no guess. */
  refund(kind: LimitKind, subject: string): Promise<void>;
  /** Remember somebody, by all processes together, for a month. */
  rememberClient(subject: string): Promise<void>;
  isKnownClient(subject: string): Promise<boolean>;
  /** Remember that a client proved a dossier, by all processes together, for a month. */
  rememberProof(subject: string): Promise<void>;
  hasProved(subject: string): Promise<boolean>;
}

/**
 * Of an address in a quarter of an hour. No secret of a key is guessed by so many (guessable ones stop the start), and whoever
 * puts a system right that has the wrong one, or all that stand behind one address, are not locked out by it.
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
  // Nothing of it is given back: who is over it in one process is refused there without asking the database.
  lookup: { points: 60, duration: 60, inMemoryBlockOnConsumed: 60 },
  'wrong-proof': { points: 60, duration: 3_600 },
  'client-code': { points: WRONG_PROOFS.client, duration: 3_600 },
  code: { points: WRONG_PROOFS.hour, duration: 3_600 },
  'code-day': { points: WRONG_PROOFS.day, duration: 86_400 },
  // One of whom it turns out that it was no guess takes the place of one for a moment: it is over the limit alone that counts.
  secret: { points: WRONG_SECRETS, duration: 900, inMemoryBlockOnConsumed: WRONG_SECRETS + 1 },
} as const satisfies Record<LimitKind, object>;

const REMEMBERED_S = 30 * 86_400;

/** A request with a secret waits so long for a database that is lost, and the next ones not at all: it answers after 5 s, or never. */
const ANSWER_MS = 1_000;
const AWAY_MS = 5_000;
/** Of the connections that what is pushed needs, so many at the most: it waited 1.2 s behind 3,000 guesses. */
const MOST_QUERIES = 2;

export function createRequestLimits({ pool }: Pick<Database, 'pool'>, vault: Pick<Vault, 'blind'>): RequestLimits {
  const table = { storeType: 'pool', tableName: 'look_up_tries', tableCreated: true };
  const limiterOf = (kind: LimitKind) =>
    new RateLimiterPostgres({ ...table, storeClient: pool, keyPrefix: kind, ...LIMITS[kind] });
  // Each in a line of its own: nobody who has a key waits behind those who guess.
  const known = new RateLimiterPostgres({
    ...{ ...table, storeClient: failFast(pool), keyPrefix: 'known', points: 1, duration: REMEMBERED_S },
  });
  const proved = new RateLimiterPostgres({
    ...{ ...table, storeClient: pool, keyPrefix: 'proved', points: 1, duration: REMEMBERED_S },
  });
  const limiters = {
    ...{
      lookup: limiterOf('lookup'),
      'wrong-proof': limiterOf('wrong-proof'),
      'client-code': limiterOf('client-code'),
    },
    ...{ code: limiterOf('code'), 'code-day': limiterOf('code-day') },
    secret: new RateLimiterPostgres({
      ...{ ...table, storeClient: failFast(pool), keyPrefix: 'secret', ...LIMITS.secret },
    }),
  };
  /** What this process has heard of secrets: no more than that while the database is away or slow, and no less. */
  const localSecrets = new RateLimiterMemory({ keyPrefix: 'secret', ...LIMITS.secret });
  const keyOf = (subject: string): string => vault.blind('tries', subject)[0];
  return {
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
      // What cannot be remembered now is remembered by another process, or after the next start.
      await known.set(keyOf(subject), 1, REMEMBERED_S).catch(() => undefined);
    },
    async rememberProof(subject) {
      await proved.set(keyOf(subject), 1, REMEMBERED_S);
    },
    hasProved: async (subject) => Boolean(await proved.get(keyOf(subject))),
    isKnownClient: async (subject) => Boolean(await known.get(keyOf(subject)).catch(() => null)),
  };
}

/** What does not answer soon is as one that is away, for a while. */
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
