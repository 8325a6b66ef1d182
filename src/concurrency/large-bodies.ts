import { giveWay, noteLightSender } from './yielding.ts';

/** Bodies up to this size go before larger ones if their sender has a small share. */
const LIGHT_BYTES = 16 * 1024;
/** Bodies up to this size are cheap, however many arrive at once. */
const SMALL_BYTES = 256 * 1024;
/** Limit of concurrent larger ones: each takes about ten times its size while it is read, sealed and written. */
const LARGE_BYTES = 4 * 1024 * 1024;

/** A sender with less than this share of the bytes of the last seconds does not wait for the others. */
const LIGHT_SHARE = 1 / 4;
const SHARE_MS = 1_000;

/** How many bytes each owner sent in this period and in the one before. */
class Shares {
  #since = 0;
  #now = new Map<string, number>();
  #before = new Map<string, number>();

  note(owner: string, bytes: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#since >= SHARE_MS) {
      this.#before = nowMs - this.#since < 2 * SHARE_MS ? this.#now : new Map();
      this.#now = new Map();
      this.#since = nowMs;
    }
    this.#now.set(owner, (this.#now.get(owner) ?? 0) + bytes);
  }

  isLight(owner: string): boolean {
    let all = 0;
    for (const sent of [this.#now, this.#before]) for (const bytes of sent.values()) all += bytes;
    const own = (this.#now.get(owner) ?? 0) + (this.#before.get(owner) ?? 0);
    return own < all * LIGHT_SHARE;
  }
}

/** A waiting body: its owner, and the callback to remove it from the queue. */
export interface Waiter {
  readonly owner: string;
  readonly onWait: (giveUp: ((why: Error) => void) | undefined) => void;
}

/** @throws the error with which its waiter gave up */
export type LargeBodyQueue = <Out>(bytes: number, work: () => Promise<Out>, waiter?: Waiter) => Promise<Out>;

interface Waiting {
  readonly bytes: number;
  readonly owner: string;
  readonly go: () => void;
}

/**
 * Processes large bodies one after another, so that many at once take no more memory than one; small bodies do not wait. Next
 * is the owner whose last turn is longest ago, so a sender of many large bodies delays only itself.
 */
export function createLargeBodyQueue(most = LARGE_BYTES): LargeBodyQueue {
  let busy = 0;
  let turn = 0;
  const waiting = new Set<Waiting>();
  const lastTurns = new Map<string, number>();
  const shares = new Shares();
  const fits = (bytes: number): boolean => busy === 0 || busy + bytes <= most;

  function begin({ bytes, owner }: Pick<Waiting, 'bytes' | 'owner'>): void {
    busy += bytes;
    lastTurns.set(owner, ++turn);
  }

  function next(): Waiting | undefined {
    const turnOf = ({ owner }: Waiting): number => lastTurns.get(owner) ?? 0;
    let first: Waiting | undefined;
    for (const one of waiting) if (first === undefined || turnOf(one) < turnOf(first)) first = one;
    return first;
  }

  function wait(bytes: number, { owner, onWait }: Waiter): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const one: Waiting = {
        bytes,
        owner,
        go() {
          onWait(undefined);
          resolve();
        },
      };
      waiting.add(one);
      onWait((why) => {
        waiting.delete(one);
        reject(why);
      });
    });
  }

  return async (bytes, work, waiter = { owner: '', onWait: () => undefined }) => {
    shares.note(waiter.owner, bytes);
    if (bytes > LIGHT_BYTES) await giveWay();
    else if (shares.isLight(waiter.owner)) noteLightSender();
    if (bytes <= SMALL_BYTES) return work();
    if (waiting.size > 0 || !fits(bytes)) await wait(bytes, waiter);
    else begin({ bytes, owner: waiter.owner });
    try {
      return await work();
    } finally {
      busy -= bytes;
      for (let one = next(); one && fits(one.bytes); one = next()) {
        waiting.delete(one);
        begin(one);
        one.go();
      }
      if (waiting.size === 0) lastTurns.clear();
    }
  };
}
