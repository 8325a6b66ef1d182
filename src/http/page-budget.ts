import { say } from '#messages/message';
import { tooOften } from './problem.ts';

/** The memory reserved for a page until it is written and its size is known. */
const RESERVED_BYTES = 4 * 1024 * 1024;
/** Smaller replies do not count after this. Larger ones count until the reader has received them. */
export const SMALL_PAGE_BYTES = 256 * 1024;
const TRY_AGAIN_S = 5;

export interface PageLimits {
  /** The limit for all pages that are being made or sent. */
  readonly total: number;
  /** The part of it for one key. */
  readonly ofOne: number;
  /** The number of requests of one key that may wait. */
  readonly waiting: number;
}

const LIMITS: PageLimits = { total: 64 * 1024 * 1024, ofOne: 16 * 1024 * 1024, waiting: 64 };

/** The share of one page in the budget. */
export interface Hold {
  /** Sets the size of the finished page. A small page no longer counts. */
  resize(bytes: number): void;
  /** Keeps the share while the page is streamed. Returns the function to call when it is received. */
  keepUntilTaken(): () => void;
}

export interface PageBudget {
  /**
   * Makes a page when there is memory for it.
   *
   * A key waits for its own pages first, so the pages of one key leave room for those of others.
   *
   * @throws Refusal 429 when too many requests of the key wait already
   */
  hold<Out>(keyId: string, make: (hold: Hold) => Promise<Out>): Promise<Out>;
}

export function createPageBudget(limits: PageLimits = LIMITS): PageBudget {
  const memory = createMemory(limits);
  return {
    async hold(keyId, make) {
      await memory.enter(keyId);
      let bytes = RESERVED_BYTES;
      let isKept = false;
      const resize = (to: number): void => {
        const now = to > SMALL_PAGE_BYTES ? to : 0;
        memory.change(keyId, now - bytes);
        bytes = now;
      };
      try {
        return await make({
          resize,
          keepUntilTaken() {
            isKept = true;
            return () => resize(0);
          },
        });
      } catch (error) {
        isKept = false;
        throw error;
      } finally {
        if (!isKept) resize(0);
      }
    },
  };
}

interface Memory {
  /** Waits until a page of the key fits, and reserves its memory. @throws Refusal 429 */
  enter(keyId: string): Promise<void>;
  /** Changes the share of a key, and admits waiting requests. */
  change(keyId: string, by: number): void;
}

interface Waiting {
  readonly keyId: string;
  readonly enter: () => void;
}

function createMemory(limits: PageLimits): Memory {
  let held = 0;
  const heldBy = new Map<string, number>();
  const waiting: Waiting[] = [];

  const of = (keyId: string): number => heldBy.get(keyId) ?? 0;
  const fits = (keyId: string): boolean =>
    (of(keyId) === 0 || of(keyId) + RESERVED_BYTES <= limits.ofOne) && held + RESERVED_BYTES <= limits.total;

  function add(keyId: string, by: number): void {
    held += by;
    const own = of(keyId) + by;
    if (own === 0) heldBy.delete(keyId);
    else heldBy.set(keyId, own);
  }

  /** The key with the smallest share is next, with its oldest request. */
  function letIn(): void {
    for (;;) {
      const able = waiting.filter(({ keyId }) => fits(keyId));
      const [first] = able.sort((a, b) => of(a.keyId) - of(b.keyId));
      if (!first) return;
      waiting.splice(waiting.indexOf(first), 1);
      add(first.keyId, RESERVED_BYTES);
      first.enter();
    }
  }

  return {
    async enter(keyId) {
      const own = waiting.filter((one) => one.keyId === keyId).length;
      if (own === 0 && fits(keyId)) return add(keyId, RESERVED_BYTES);
      if (own >= limits.waiting) throw tooOften(say('pages-wait', { count: own, got: keyId }), TRY_AGAIN_S);
      await new Promise<void>((enter) => waiting.push({ keyId, enter }));
    },
    change(keyId, by) {
      add(keyId, by);
      letIn();
    },
  };
}

const CHUNK_BYTES = 64 * 1024;
/** A client that reads nothing for this long loses its reply. */
const STALLED_MS = 60_000;

/** Streams bytes as fast as the client reads them. @param onEnd called once, whatever ends the stream */
export function takenStream(bytes: Uint8Array, onEnd: () => void): ReadableStream<Uint8Array> {
  let at = 0;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const end = (): void => {
    clearTimeout(timer);
    if (!isOver) onEnd();
    isOver = true;
  };
  const watch = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      end();
      controller.error(new Error('the client read nothing of the reply for too long'));
    }, STALLED_MS).unref();
  };
  return new ReadableStream<Uint8Array>(
    {
      start: watch,
      pull(controller) {
        watch(controller);
        controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
        at += CHUNK_BYTES;
        if (at < bytes.length) return;
        controller.close();
        end();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
