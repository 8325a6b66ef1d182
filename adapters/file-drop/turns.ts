/** A file of 20,000 rows takes seconds. Other requests wait no longer than this for it. */
const TURN_MS = 5;

/** Called between rows: lets the hub do other work when it is time. */
export type Turn = () => Promise<void>;

/** Turns of one piece of work. */
export function createTurns(): Turn {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  };
}
