import type { Context } from 'hono';
import type { Tries } from '../ledger/tries.ts';
import { bearerKey, type Keys } from './auth.ts';
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
   *   Who was known there before is not locked out by others.
   */
  heard(c: Context, owner: string | undefined): Promise<void> | undefined;
}

/** Those that are remembered without asking the database; each is a key of the configuration at an address. */
const MOST_KNOWN = 10_000;

export function createGuesses({ tries, clients }: { tries: Tries; clients: Pick<Clients, 'addressOf'> }): Guesses {
  const known = new Set<string>();
  const asked = new Map<string, Promise<void>>();

  async function count(network: string): Promise<void> {
    const waitS = await tries.take('secret', network);
    if (waitS === undefined) return;
    throw new Refusal('too-often', `from this address wrong secrets came too often; wait ${waitS} s`, {
      headers: { 'Retry-After': String(waitS) },
    });
  }

  /** A right one is a guess, too, until it is clear that it is of somebody who is at home there. */
  async function meet(network: string, owner: string): Promise<void> {
    const subject = `${network} ${owner}`;
    if (await tries.isKnown(subject)) return;
    await count(network);
    await Promise.all([tries.giveBack('secret', network), tries.know(subject)]);
  }

  return {
    heard(c, owner) {
      const address = clients.addressOf(c);
      // Without a connection it is the hub that asks itself.
      if (address === undefined) return undefined;
      if (owner === undefined) return count(networkOf(address));
      const pair = `${address} ${owner}`;
      if (known.has(pair)) return undefined;
      const met =
        asked.get(pair) ??
        meet(networkOf(address), owner)
          .then(() => {
            if (known.size >= MOST_KNOWN) known.clear();
            known.add(pair);
          })
          .finally(() => asked.delete(pair));
      asked.set(pair, met);
      return met;
    },
  };
}

/** Add routes with keys so that whoever guesses one is slowed down, whatever the route. */
export function slowingGuesses(add: AddRoute, { guesses, keys }: { guesses: Guesses; keys: Keys }): AddRoute {
  return (doc, handler) => {
    if (!doc.scopes) return add(doc, handler);
    add(doc, async (c) => {
      if (c.req.header('authorization')) await guesses.heard(c, bearerKey(c, keys)?.id);
      return handler(c);
    });
  };
}
