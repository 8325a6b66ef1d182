/** Does all steps of work that yields between them, without a break. */
export function drain<Out>(work: Generator<void, Out>): Out {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
