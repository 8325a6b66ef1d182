import type { Context } from 'hono';
import { say } from '#messages/message';
import type { RequestLimits } from '../ledger/request-limits.ts';
import type { HubContext } from '../process/hub-context.ts';
import { bearerOf, type Keys } from './auth.ts';
import { type Clients, networkOf } from './clients.ts';
import { tooOften } from './problem.ts';
import type { AddRoute } from './route.ts';

/** Limits the wrong secrets of one address, at all doors together. */
export interface SecretGuessLimit {
  /**
   * Counts the secret of a request, once the hub knows whether it is right.
   *
   * @param owner the owner of the secret; undefined for a wrong one
   * @throws Refusal 429 after too many wrong secrets from the address, even for a right secret that the hub never
   * saw from there. A key that was used from there before stays usable, and so does a key whose secret nobody can
   * guess.
   */
  check(c: Context, owner: Owner | undefined): Promise<void> | undefined;
}

export interface Owner {
  readonly id: string;
  /** Absent when the hub does not know it. */
  readonly secret?: string;
}

const UNGUESSABLE = { bytes: 32, different: 10 } as const;

/**
 * Whether a secret is too long to guess.
 *
 * The limit protects secrets that people invented. 200 guesses in 15 minutes never find a random secret of 32
 * bytes. For such a secret the limit would only let attackers lock its owner out.
 */
function isUnguessable(owner: Owner): boolean {
  let known = unguessable.get(owner);
  if (known === undefined) {
    known = isRandom(owner.secret);
    unguessable.set(owner, known);
  }
  return known;
}

/** By key: counting the characters of its secret at each request took 2 µs. */
const unguessable = new WeakMap<Owner, boolean>();

function isRandom(secret: string | undefined): boolean {
  return (
    secret !== undefined &&
    Buffer.byteLength(secret) >= UNGUESSABLE.bytes &&
    new Set(secret).size >= UNGUESSABLE.different
  );
}

/**
 * Pairs of address and key in memory. Beyond this number the cache is emptied, and the database is
 * queried again.
 */
const MOST_KNOWN = 10_000;
/** The database forgets a pair after a month without a refresh. A day between refreshes is enough. */
const REFRESH_MS = 86_400_000;

export function createSecretGuessLimit(
  { nowMs }: Pick<HubContext, 'nowMs'>,
  limits: Pick<RequestLimits, 'take' | 'refund' | 'rememberClient' | 'isKnownClient'>,
  clients: Pick<Clients, 'addressOf'>,
): SecretGuessLimit {
  /** Known pairs, with the time of their last refresh in the database. */
  const refreshedAtMs = new Map<string, number>();
  const checking = new Map<string, Promise<void>>();

  function remember(pair: string): void {
    if (refreshedAtMs.size >= MOST_KNOWN) refreshedAtMs.clear();
    refreshedAtMs.set(pair, nowMs());
  }

  function checkOwner(network: string, owner: Owner): Promise<void> | undefined {
    const pair = `${network} ${owner.id}`;
    const lastMs = refreshedAtMs.get(pair);
    if (lastMs === undefined) {
      const first =
        checking.get(pair) ??
        firstUse(limits, network, pair)
          .then(() => remember(pair))
          .finally(() => checking.delete(pair));
      checking.set(pair, first);
      return first;
    }
    if (nowMs() - lastMs >= REFRESH_MS) {
      // No request waits for the refresh, and the pair stays known while the database is unavailable.
      remember(pair);
      void limits.rememberClient(pair);
    }
    return undefined;
  }

  return {
    check(c, owner) {
      const address = clients.addressOf(c);
      // A request without a connection comes from the hub itself.
      if (address === undefined || (owner && isUnguessable(owner))) return undefined;
      const network = networkOf(address);
      return owner === undefined ? countGuess(limits, network) : checkOwner(network, owner);
    },
  };
}

/** @throws Refusal 429 */
async function countGuess(limits: Pick<RequestLimits, 'take'>, network: string): Promise<void> {
  const waitS = await limits.take('secret', network);
  if (waitS !== undefined) throw tooOften(say('too-many-guesses', { seconds: waitS }), waitS);
}

/**
 * A right secret counts as a guess until the database confirms that its key was used from this
 * address before.
 */
async function firstUse(
  limits: Pick<RequestLimits, 'take' | 'refund' | 'rememberClient' | 'isKnownClient'>,
  network: string,
  pair: string,
): Promise<void> {
  const isNew = !(await limits.isKnownClient(pair));
  if (isNew) await countGuess(limits, network);
  await Promise.all([isNew ? limits.refund('secret', network) : undefined, limits.rememberClient(pair)]);
}

/** Adds routes whose wrong keys count as guesses. */
export function limitSecretGuesses(
  add: AddRoute,
  { guessLimit, keys }: { guessLimit: SecretGuessLimit; keys: Keys },
): AddRoute {
  return (doc, handler) => {
    if (!doc.scopes) return add(doc, handler);
    add(doc, async (c) => {
      // A request without a secret is refused but not counted. It may have credentials for a proxy.
      const secret = bearerOf(c);
      if (secret !== undefined) await guessLimit.check(c, keys.bySecret(secret));
      return handler(c);
    });
  };
}
