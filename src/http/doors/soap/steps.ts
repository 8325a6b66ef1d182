import { nextTurn } from '../../../concurrency/yielding.ts';

/** How long one request works before others get their turn. */
const TURN_MS = 8;

/** Run work that yields now and then to its end, at once. */
export function drain<Out>(work: Generator<void, Out>): Out {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Run it without keeping other requests waiting. */
export async function inSteps<Out>(work: Generator<void, Out>): Promise<Out> {
  let began = performance.now();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() - began > TURN_MS) {
      await nextTurn();
      began = performance.now();
    }
  }
}
