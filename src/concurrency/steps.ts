import { nextTurn } from '../../../concurrency/yielding.ts';

/** The time that one request works before others get their turn. */
const TURN_MS = 8;

/** Runs work that yields regularly to its end, without a break. */
export function drain<Out>(work: Generator<void, Out>): Out {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Runs such work without blocking other requests. */
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
