import type { AppContext } from './app-context.ts';

/** Other processes write too, so the feed checks twice a second even without own changes. */
const LOOK_MS = 500;

interface Waiter {
  readonly after: number;
  readonly wake: () => void;
}

type FeedContext = Pick<AppContext, 'nextChange' | 'isDraining'>;

/** One numbered feed: that of dossiers, or that of a kind of record. */
export interface ChangeSource<Change> {
  changes(after: number, limit: number): Promise<readonly Change[]>;
  newestChange(): Promise<number>;
}

/** Waits for changes on behalf of all requests of this process. One query serves all of them. */
export class ChangeFeed<Change> {
  readonly #source: ChangeSource<Change>;
  readonly #hub: FeedContext;
  readonly #waiting = new Set<Waiter>();
  #reads = new Map<string, Promise<readonly Change[]>>();
  #isWatching = false;

  constructor(source: ChangeSource<Change>, hub: FeedContext) {
    this.#source = source;
    this.#hub = hub;
  }

  /** The changes after a cursor. Waits up to `waitS` seconds for the first one. */
  async after(
    after: number,
    limit: number,
    waitS: number,
    isGone: () => boolean = () => false,
  ): Promise<readonly Change[]> {
    const until = performance.now() + waitS * 1000;
    for (;;) {
      const changes = await this.#read(after, limit);
      const leftMs = until - performance.now();
      if (changes.length > 0 || leftMs <= 0 || this.#hub.isDraining() || isGone()) return changes;
      await this.#wait(after, leftMs);
    }
  }

  #read(after: number, limit: number): Promise<readonly Change[]> {
    const query = `${after} ${limit}`;
    const reads = this.#reads;
    const read = reads.get(query) ?? this.#source.changes(after, limit).finally(() => reads.delete(query));
    reads.set(query, read);
    return read;
  }

  #wait(after: number, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      const waiter: Waiter = { after, wake };
      this.#waiting.add(waiter);
      if (!this.#isWatching) void this.#watch();
    });
  }

  /** Without this shared watch, 2,000 waiting requests sent 4,000 statements a second. */
  async #watch(): Promise<void> {
    const { nextChange, isDraining } = this.#hub;
    this.#isWatching = true;
    while (this.#waiting.size > 0) {
      await nextChange(LOOK_MS);
      // A failed query wakes all requests. Each then gets the error of its own read.
      const newest = isDraining() ? Infinity : await this.#source.newestChange().catch(() => Infinity);
      // A read that began earlier may have missed the newest change.
      this.#reads = new Map();
      for (const { after, wake } of this.#waiting) if (newest > after) wake();
    }
    this.#isWatching = false;
  }
}

/**
 * Whether changes after this cursor are missing.
 *
 * Changes are numbered without gaps, unless the database was restored from a backup.
 */
export async function isGapAfter(source: ChangeSource<{ readonly cursor: number }>, after: number): Promise<boolean> {
  const newest = await source.newestChange();
  if (newest === after) return false;
  // All changes up to the newest one were committed before this read.
  const [next] = await source.changes(after, 1);
  return next?.cursor !== after + 1;
}
