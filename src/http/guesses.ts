import type { Context } from 'hono';
import type { Tries } from '../ledger/tries.ts';
import { bearerOf, type Keys } from './auth.ts';
import { type Clients, networkOf } from './clients.ts';
import { Refusal } from './problem.ts';
import type { AddRoute } from './route.ts';

/** Whoever guesses a secret is soon not heard any more, at whichever door. */
export interface Guesses {
  /**
   * Tell of a secret that a request brought, once it is known whether it is a right one.
   *
   * @param owner whose it is; undefined where it is nobody's
   * @throws Refusal 429 where too many wrong ones came from there, also for a right one that never came from there before.
   *   Who was known there before is not locked out by others, and neither is an owner whose secret nobody can guess.
   */
  heard(c: Context, owner: Owner | undefined): Promise<void> | undefined;
}

export interface Owner {
  readonly id: string;
  /** Where the hub knows it. */
  readonly secret?: string;
}

const UNGUESSABLE = { bytes: 32, different: 10 } as const;

/**
 * The limit protects secrets that people made up. 200 guesses in 15 minutes find a random one of 32 bytes never, so the limit
 * would only help strangers to lock its owner out.
 */
function isUnguessable({ secret }: Owner): boolean {
  return (
    secret !== undefined &&
    Buffer.byteLength(secret) >= UNGUESSABLE.bytes &&
    new Set(secret).size >= UNGUESSABLE.different
  );
}

/** Those that are remembered without asking the database; each is a key of the configuration at an address. */
const MOST_KNOWN = 10_000;
/** The database forgets after a month whoever it is not told of again. */
const TOLD_MS = 86_400_000;

export interface GuessMeans {
  readonly tries: Pick<Tries, 'take' | 'giveBack' | 'know' | 'isKnown'>;
  readonly clients: Pick<Clients, 'addressOf'>;
  readonly nowMs: () => number;
}

export function createGuesses({ tries, clients, nowMs }: GuessMeans): Guesses {
  /** By when each was told of last. */
  const known = new Map<string, number>();
  const asked = new Map<string, Promise<void>>();

  async function count(network: string): Promise<void> {
    const waitS = await tries.take('secret', network);
    if (waitS === undefined) return;
    throw new Refusal('too-often', `from this address wrong secrets came too often; wait ${waitS} s`, {
      headers: { 'Retry-After': String(waitS) },
    });
  }

  /** A right one is a guess, too, until it is clear that it is of somebody who is at home there. */
  async function meet(network: string, subject: string): Promise<void> {
    const isNew = !(await tries.isKnown(subject));
    if (isNew) await count(network);
    await Promise.all([isNew ? tries.giveBack('secret', network) : undefined, tries.know(subject)]);
  }

  function remember(pair: string): void {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(pair, nowMs());
  }

  return {
    heard(c, owner) {
      const address = clients.addressOf(c);
      // Without a connection it is the hub that asks itself.
      if (address === undefined || (owner && isUnguessable(owner))) return undefined;
      const network = networkOf(address);
      if (owner === undefined) return count(network);
      const pair = subjectOf(network, owner.id);
      const toldAtMs = known.get(pair);
      if (toldAtMs !== undefined) {
        if (nowMs() - toldAtMs < TOLD_MS) return undefined;
        // Nobody waits for it, and whoever is known stays so while the database is away.
        remember(pair);
        void tries.know(pair);
        return undefined;
      }
      const met =
        asked.get(pair) ??
        meet(network, pair)
          .then(() => remember(pair))
          .finally(() => asked.delete(pair));
      asked.set(pair, met);
      return met;
    },
  };
}

function subjectOf(network: string, owner: string): string {
  return `${network} ${owner}`;
}

/** Add routes with keys so that whoever guesses one is slowed down, whatever the route. */
export function slowingGuesses(add: AddRoute, { guesses, keys }: { guesses: Guesses; keys: Keys }): AddRoute {
  return (doc, handler) => {
    if (!doc.scopes) return add(doc, handler);
    add(doc, async (c) => {
      // What names no secret at all, as credentials for a proxy on the way, is refused, and no guess.
      const secret = bearerOf(c);
      if (secret !== undefined) await guesses.heard(c, keys.bySecret(secret));
      return handler(c);
    });
  };
}
