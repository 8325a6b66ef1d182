/** Those who wait in this process for something to happen. */
export interface ChangeSignal {
  /** Wake all who wait. */
  notify(): void;
  /** Resolves at the next ring, or after `ms`. */
  next(ms: number): Promise<void>;
  /** How many wait. */
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
          // Whoever has waited long enough is forgotten: where nothing changes, nothing may pile up.
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        waiting.add(wake);
      }),
    waiting: () => waiting.size,
  };
}
