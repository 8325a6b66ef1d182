import type { Waiter } from './large-bodies.ts';

type ByKey = <Out>(key: string, work: () => Promise<Out>, onWait?: Waiter['onWait']) => Promise<Out>;

/**
 * Runs work with the same key one after another, and work with different keys side by side. `onWait` gets the callback with which
 * waiting work gives up, and undefined when the work begins.
 */
export function createByKey(): ByKey {
  const last = new Map<string, Promise<unknown>>();
  return (key, work, onWait = () => undefined) => {
    const before = last.get(key);
    const result = turnAfter(before, onWait).then(work);
    // Work that gives up early must not let the next work begin.
    const settled = Promise.allSettled([before, result]).finally(() => last.get(key) === settled && last.delete(key));
    last.set(key, settled);
    return result;
  };
}

function turnAfter(before: Promise<unknown> | undefined, onWait: Waiter['onWait']): Promise<void> {
  if (!before) return Promise.resolve();
  return new Promise((resolve, reject) => {
    onWait(reject);
    void before.then(() => {
      onWait(undefined);
      resolve();
    });
  });
}
