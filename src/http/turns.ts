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
