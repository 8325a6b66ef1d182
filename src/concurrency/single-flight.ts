/** Runs work, never twice at once: a call during a run gets that run. */
export function singleFlight<Out>(work: () => Promise<Out>): () => Promise<Out> {
  let running: Promise<Out> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
