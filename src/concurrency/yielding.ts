/** How long items are processed before other requests run. Beside 250 large bodies, a health probe took 1.2 s with 2 ms, 3 s with 8 ms. */
const TURN_MS = 2;

/** Processes many items without delaying other requests for more than a few milliseconds. */
export async function mapYielding<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
  const outs: Out[] = [];
  let began = performance.now();
  for (const input of inputs) {
    outs.push(work(input));
    if (performance.now() - began > TURN_MS) {
      await nextTurn();
      began = performance.now();
    }
  }
  return outs;
}

const turns: (() => void)[] = [];

/**
 * Resolves in a later turn of the event loop, for one caller a turn. With 250 large bodies at once, each with a turn of its
 * own, a health probe had waited for seconds.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (turns.push(resolve) === 1) setImmediate(giveTurn);
  });
}

function giveTurn(): void {
  turns.shift()?.();
  if (turns.length > 0) setImmediate(giveTurn);
}

/** Bodies up to this size are cheap, however many arrive at once. */
const SMALL_BYTES = 256 * 1024;
/** Limit of concurrent larger ones: each takes about ten times its size while it is read, sealed and written. */
const LARGE_BYTES = 4 * 1024 * 1024;

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
