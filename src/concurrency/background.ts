/** Work that no caller waits for, such as sending an alert. */
export interface Background {
  /** Starts work. A failure goes to `onFault` with the name. */
  run(name: string, work: Promise<unknown>): void;
  /** Resolves when all started work is done, also work that other work started during the wait. */
  settled(): Promise<void>;
}

export function createBackground(onFault: (name: string, error: unknown) => void): Background {
  const underWay = new Set<Promise<unknown>>();
  return {
    run(name, work) {
      const done = work.catch((error) => onFault(name, error)).finally(() => underWay.delete(done));
      underWay.add(done);
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
