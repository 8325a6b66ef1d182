/**
 * The doorbell. It carries party ids, and may lose all of them: whatever is due stands in the ledger, and `sweep` rings
 * again. Two implementations, one conformance suite (tests/conformance/queue.test.ts).
 */
export interface Queue {
  /** Say that something is due for these parties. Rings that were not heard yet count once. Never throws. */
  notify(parties: readonly string[]): Promise<void>;
  /** Answer rings, of this process or another. The handler returns at once and never throws; what it starts is its own affair. */
  listen(handler: (party: string) => void): Promise<void>;
  /** Stop answering and let go of all connections. */
  close(): Promise<void>;
}
