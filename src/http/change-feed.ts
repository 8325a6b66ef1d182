import type { Change, IndexReader } from '../index/read.ts';
import type { AppContext } from './app-context.ts';

/** Other processes write too, so the feed checks twice a second even without own changes. */
const LOOK_MS = 500;

interface Waiter {
  readonly after: number;
  readonly wake: () => void;
}

/** Waits for changes on behalf of all requests of this process. One query serves all of them. */
export interface ChangeFeed {
  /** The changes after a cursor. Waits up to `waitS` seconds for the first one. */
  after(after: number, limit: number, waitS: number, isGone?: () => boolean): Promise<readonly Change[]>;
}

export function createChangeFeed({
  index,
  nextChange,
  isDraining,
}: Pick<AppContext, 'index' | 'nextChange' | 'isDraining'>): ChangeFeed {
  const waiting = new Set<Waiter>();
  let reads = new Map<string, Promise<readonly Change[]>>();
  let isWatching = false;

  function read(after: number, limit: number): Promise<readonly Change[]> {
    const query = `${after} ${limit}`;
    const read = reads.get(query) ?? index.changes(after, limit).finally(() => reads.delete(query));
    reads.set(query, read);
    return read;
  }

  /** Without this shared watch, 2,000 waiting requests sent 4,000 statements a second. */
  async function watch(): Promise<void> {
    isWatching = true;
    while (waiting.size > 0) {
      await nextChange(LOOK_MS);
      // A failed query wakes all requests. Each then gets the error of its own read.
      const newest = isDraining() ? Infinity : await index.newestChange().catch(() => Infinity);
      // A read that began earlier may have missed the newest change.
      reads = new Map();
      for (const { after, wake } of waiting) if (newest > after) wake();
    }
    isWatching = false;
  }

  function wait(after: number, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        waiting.delete(waiter);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      const waiter: Waiter = { after, wake };
      waiting.add(waiter);
      if (!isWatching) void watch();
    });
  }

  return {
    async after(after, limit, waitS, isGone = () => false) {
      const until = performance.now() + waitS * 1000;
      for (;;) {
        const changes = await read(after, limit);
        const leftMs = until - performance.now();
        if (changes.length > 0 || leftMs <= 0 || isDraining() || isGone()) return changes;
        await wait(after, leftMs);
      }
    },
  };
}

/**
 * Whether changes after this cursor are missing.
 *
 * Changes are numbered without gaps, unless the database was restored from a backup.
 */
export async function isGapAfter(index: IndexReader, after: number): Promise<boolean> {
  const newest = await index.newestChange();
  if (newest === after) return false;
  // All changes up to the newest one were committed before this read.
  const [next] = await index.changes(after, 1);
  return next?.cursor !== after + 1;
}
