/**
 * Notifies workers of due work. It carries party ids, and may lose all of them: due work is in the ledger, and `sweep` notifies
 * again. Two implementations, one conformance suite (tests/conformance/queue.test.ts).
 */
export interface Queue {
  /** Notifies that work is due for these parties. Pending notifications for a party count once. Never throws. */
  notify(parties: readonly string[]): Promise<void>;
  /**
   * Receives notifications of this and other processes. The handler returns at once, never throws, and does not wait for the
   * work it starts.
   */
  listen(handler: (party: string) => void): Promise<void>;
  /** Stops receiving and closes all connections. */
  close(): Promise<void>;
}
