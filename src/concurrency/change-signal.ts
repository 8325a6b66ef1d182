/** Lets callers in this process wait for a change. */
export interface ChangeSignal {
  /** Wakes all waiters. */
  notify(): void;
  /** Resolves at the next notification, or after `ms`. */
  next(ms: number): Promise<void>;
  /** The number of waiters. */
  waiting(): number;
}

export function createChangeSignal(): ChangeSignal {
  const waiting = new Set<() => void>();
  return {
    notify() {
      for (const wake of waiting) wake();
    },
    next: (ms) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          // Removes a timed-out waiter, so that none pile up while nothing changes.
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        waiting.add(wake);
      }),
    waiting: () => waiting.size,
  };
}
