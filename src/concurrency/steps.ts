import { nextTurn } from './yielding.ts';

/** The time that one request works before others get their turn. */
const TURN_MS = 8;

/** Does all steps of work that yields between them, without blocking other requests. */
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
