import type { Context } from 'hono';
import { type Clients, networkOf } from './clients.ts';
import { Refusal } from './problem.ts';

/** Told of bytes that are kept. @throws Refusal 503 where it is too much */
export type Hold = (bytes: number) => void;

/**
 * Work on the body of somebody who says only in it who it is. Until that is done its bytes count for the address that it
 * came from; of one address only so many are kept.
 */
export type Strangers = <Out>(c: Context, work: (hold: Hold) => Promise<Out>) => Promise<Out>;

/** Large enough for a partner that sends several of its largest messages at once, each of which is worked on alone. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Fifty connections that send 20 MB each and never end took 1.1 GB. */
export function createStrangers(
  clients: Pick<Clients, 'addressOf'>,
  maxBodyBytes: number,
  mostBytes = Math.max(MOST_BYTES, 3 * maxBodyBytes),
): Strangers {
  const held = new Map<string, number>();
  return async (c, work) => {
    const network = networkOf(clients.addressOf(c) ?? '');
    let own = 0;
    try {
      return await work((bytes) => {
        const all = (held.get(network) ?? 0) + bytes;
        if (all > mostBytes) throw tooMuch();
        held.set(network, all);
        own += bytes;
      });
    } finally {
      const left = (held.get(network) ?? 0) - own;
      if (left > 0) held.set(network, left);
      else held.delete(network);
    }
  };
}

function tooMuch(): Refusal {
  return new Refusal(
    'unavailable',
    'too much is arriving from this address at once whose sender is not known yet; nothing of this request was kept, send it again',
    { headers: { 'Retry-After': '5' } },
  );
}
