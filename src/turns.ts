/** How long items are worked on before other requests get their turn. */
const TURN_MS = 8;

/** Work on many things without keeping other requests waiting for more than a few milliseconds. */
export async function inTurns<In, Out>(inputs: Iterable<In>, work: (input: In) => Out): Promise<Out[]> {
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

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Bodies up to this size cost little, however many come at once. */
const SMALL_BYTES = 256 * 1024;
/** Larger ones that are worked on at once: each takes about ten times its size while it is read, sealed and written. */
const LARGE_BYTES = 4 * 1024 * 1024;

export type LargeTurns = <Out>(bytes: number, work: () => Promise<Out>) => Promise<Out>;

/** Work on large bodies one after the other, so that many at once take no more memory than one; others do not wait. */
export function createLargeTurns(most = LARGE_BYTES): LargeTurns {
  let busy = 0;
  const waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  const fits = (bytes: number): boolean => busy === 0 || busy + bytes <= most;

  return async (bytes, work) => {
    if (bytes <= SMALL_BYTES) return work();
    if (waiting.length > 0 || !fits(bytes)) await new Promise<void>((go) => waiting.push({ bytes, go }));
    else busy += bytes;
    try {
      return await work();
    } finally {
      busy -= bytes;
      for (let next = waiting[0]; next && fits(next.bytes); next = waiting[0]) {
        waiting.shift();
        busy += next.bytes;
        next.go();
      }
    }
  };
}
